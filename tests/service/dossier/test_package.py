from pathlib import Path

import docx
import pytest

from matcher.errors import FileUnreadable
from matcher.joint import JointCandidate
from service import dossier


def test_a_word_file_appears_whole_or_not_at_all(candidate: JointCandidate, tmp_path: Path) -> None:
    """It can be opened, and a folder that is not there is named in the error."""
    path = tmp_path / "dossier.docx"
    dossier.docx(candidate, path)
    assert docx.Document(str(path)).paragraphs[0].text == candidate.members[0].title
    with pytest.raises(FileUnreadable, match="nowhere"):
        dossier.docx(candidate, tmp_path / "nowhere" / "dossier.docx")


def test_versions_stand_in_every_form(candidate: JointCandidate) -> None:
    """What the candidate was found with can be told from the paper alone."""
    versions = {"model": "tiny 3", "records": "cycle 2026-05"}
    for text in (dossier.markdown(candidate, versions=versions), dossier.html(candidate, versions=versions)):
        assert "model: tiny 3" in text
        assert "records: cycle 2026-05" in text
