"""What is handed to people about a joint candidate: a dossier, a draft consultation, OCDS releases.

A dossier is built once as a document of values and shown in three forms, so that they cannot say different
things. `open_to` is the audience: what it may not see stands in none of them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora.writers.atomic import replacing
from matcher.explain import Quote
from matcher.joint import JointCandidate
from matcher.records import Visibility
from service.dossier.consultation import document as consultation_document
from service.dossier.document import document as dossier_document
from service.dossier.docx import render as _docx
from service.dossier.html import render as _html
from service.dossier.markdown import render as _markdown
from service.dossier.ocds import package as _package

Versions = Mapping[str, str]
"""What a candidate was found with: `{"model": "needmatch-e5-small, revision 2"}`."""

__all__ = [
    "Versions",
    "consultation",
    "consultation_document",
    "docx",
    "dossier_document",
    "html",
    "markdown",
    "ocds",
]


def markdown(
    candidate: JointCandidate, *, open_to: Visibility = Visibility.NETWORK, versions: Versions | None = None
) -> str:
    """The dossier as Markdown.

    Raises `SettingInvalid` when fewer than two members are open to the audience.
    """
    return _markdown(dossier_document(candidate, open_to=open_to, versions=versions))


def html(
    candidate: JointCandidate, *, open_to: Visibility = Visibility.NETWORK, versions: Versions | None = None
) -> str:
    """The dossier as one HTML page without script or request. Raises like `markdown`."""
    return _html(dossier_document(candidate, open_to=open_to, versions=versions))


def docx(
    candidate: JointCandidate,
    path: Path,
    *,
    open_to: Visibility = Visibility.NETWORK,
    versions: Versions | None = None,
) -> None:
    """Write the dossier as a Word file, whole or not at all.

    Raises like `markdown`, and `FileUnreadable` where the file cannot be written.
    """
    content = _docx(dossier_document(candidate, open_to=open_to, versions=versions))
    with replacing(path) as part:
        part.write_bytes(content)


def consultation(
    candidate: JointCandidate,
    *,
    open_to: Visibility = Visibility.NETWORK,
    uncovered: Mapping[str, Sequence[Quote]] | None = None,
) -> str:
    """A draft of a preliminary market consultation (notice E1) as Markdown, with gaps for the buyer.

    `uncovered` are requirements that no known solution speaks to, by the id of their need. Raises like
    `markdown`.
    """
    return _markdown(consultation_document(candidate, open_to=open_to, uncovered=uncovered))


def ocds(candidate: JointCandidate, *, open_to: Visibility = Visibility.NETWORK) -> dict[str, object]:
    """The members as one OCDS 1.1 package of planning releases, ready for `json.dumps`.

    Give `Visibility.PUBLIC` for a package that is to be published. Raises like `markdown`.
    """
    return _package(candidate, open_to=open_to)
