"""Pictures are taken of pages that exist, and who lacks a browser is told what to install."""

import re
import shutil

import pytest

from service.handbook import screens
from service.handbook.scenes import SCENES
from service.language import CODES
from service.web.pages import mounted


def test_scenes_are_of_pages_that_exist() -> None:
    """A page that goes takes its scene with it; the names of files are their own."""
    known = [
        re.compile(re.sub(r"\{\w+\}", r"[^/]+", route.path) + r"(\?.*)?")
        for router in mounted()
        for route in router.routes
    ]
    assert [one.path for one in SCENES if not any(page.fullmatch(one.path) for page in known)] == []
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert {scene.language for scene in SCENES} <= set(CODES)


def test_without_a_browser_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with that."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"playwright in Chromium: pip install .* then make browser"):
        screens.main()
