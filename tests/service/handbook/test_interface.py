"""What documents and the client repeat of the interface is current."""

import ast
import json

import pytest

from service.handbook import interface
from service.rights.viewer import ANONYMOUS
from service.routes import models


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    """The interface as it is now."""
    return interface.interface()


def test_the_description_of_the_interface_is_current(described):
    """Run `make docs` where this fails."""
    assert json.loads(interface.INTERFACE.read_text(encoding="utf-8")) == json.loads(
        interface.as_text(described)
    )


def test_the_values_of_the_client_are_current(described):
    """Whatever their layout."""
    written = ast.parse(interface.VALUES.read_text(encoding="utf-8"))
    assert ast.dump(written) == ast.dump(ast.parse(interface.values(described)))


def test_every_operation_is_told_whole(described):
    """Id, summary, tag, answers of success and of failure; no permission is left open by oversight."""
    ids = []
    for path, item in described["paths"].items():
        for operation in item.values():
            ids.append(operation["operationId"])
            assert operation["summary"], path
            assert operation["tags"], path
            assert any(status < "4" for status in operation["responses"]), path
            if path.startswith("/api/v1"):
                assert "429" in operation["responses"], path
    assert len(ids) == len(set(ids))


def test_the_beginning_links_to_what_is_there(described):
    """Every link of `GET /api/v1` is an address of the interface."""
    links = set(models.index(viewer=ANONYMOUS).links.values())
    assert links - {"/api/v1/openapi.json"} <= set(described["paths"])
