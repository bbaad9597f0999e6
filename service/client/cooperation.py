"""Candidates, their rooms, and groups of needs."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.client.connection import Connection
from service.client.values import (
    CandidateOut,
    ClusterDetail,
    CycleOut,
    EditOut,
    QuestionOut,
    RoomOut,
    WhatIfOut,
)

Given = Mapping[str, Any]


class Candidates:
    """Needs of different countries that could be bought together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **filters: Any) -> Iterator[Any]:
        """Candidates of the needs that one may see, best first."""
        return self._connection.pages("/candidates", **filters)

    def get(self, candidate_id: str) -> CandidateOut:
        """A candidate with everything that explains it."""
        found: CandidateOut = self._connection.get(f"/candidates/{candidate_id}")
        return found

    def dossier(self, candidate_id: str, form: str = "md", open_to: str | None = None) -> bytes:
        """The dossier: md, html, docx, ocds or consultation."""
        params = {"format": form, "open_to": open_to}
        answer = self._connection.send("GET", f"/candidates/{candidate_id}/dossier", params=params)
        content: bytes = answer.content
        return content

    def what_if(self, candidate_id: str, given: Given) -> WhatIfOut:
        """The candidate, were it otherwise."""
        found: WhatIfOut = self._connection.post(f"/candidates/{candidate_id}/what-if", dict(given))
        return found

    def interest(self, candidate_id: str, **given: Any) -> RoomOut:
        """Express the interest of one's organisation."""
        return self._room(candidate_id, "interest", given)

    def withdraw(self, candidate_id: str, **given: Any) -> RoomOut:
        """Withdraw it."""
        return self._room(candidate_id, "interest/withdraw", given)

    def stage(self, candidate_id: str, **given: Any) -> RoomOut:
        """Bring a candidate to another stage."""
        self._seen(candidate_id)
        return self._room(candidate_id, "stage", given)

    def check(self, candidate_id: str, step: str, **given: Any) -> RoomOut:
        """Say how far a step of the checklist is."""
        self._seen(candidate_id)
        at = f"/candidates/{candidate_id}"
        found: RoomOut = self._connection.patch(f"{at}/checklist/{step}", given, of=at)
        return found

    def agree(self, candidate_id: str, **given: Any) -> RoomOut:
        """Write down what participants agreed."""
        self._seen(candidate_id)
        at = f"/candidates/{candidate_id}"
        found: RoomOut = self._connection.patch(f"{at}/agreement", given, of=at)
        return found

    def follow(self, candidate_id: str) -> None:
        """Get every answer and every change of stage."""
        self._connection.put(f"/candidates/{candidate_id}/follow")

    def _room(self, candidate_id: str, what: str, given: Given) -> RoomOut:
        at = f"/candidates/{candidate_id}"
        found: RoomOut = self._connection.post(f"{at}/{what}", dict(given), of=at)
        return found

    def _seen(self, candidate_id: str) -> None:
        if self._connection.tag(f"/candidates/{candidate_id}") is None:
            self.get(candidate_id)


class Questions:
    """Questions and answers that all followers get."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, kind: str, subject_id: str) -> Iterator[QuestionOut]:
        """Questions on one of `needs` or `candidates`."""
        return self._connection.pages(f"/{kind}/{subject_id}/questions")

    def ask(self, kind: str, subject_id: str, text: str, **given: Any) -> QuestionOut:
        """Ask about one of `needs` or `candidates`."""
        found: QuestionOut = self._connection.post(f"/{kind}/{subject_id}/questions", {"text": text, **given})
        return found

    def answer(self, question_id: str, text: str, **given: Any) -> QuestionOut:
        """Answer a question, to all followers at once."""
        body = {"text": text, **given}
        found: QuestionOut = self._connection.post(f"/questions/{question_id}/answer", body)
        return found


class Clusters:
    """Groups of needs that ask for the same, and what analysts change of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **filters: Any) -> Iterator[Any]:
        """Groups, the largest first."""
        return self._connection.pages("/clusters", **filters)

    def get(self, cluster_id: str) -> ClusterDetail:
        """One group."""
        found: ClusterDetail = self._connection.get(f"/clusters/{cluster_id}")
        return found

    def edit(self, given: Given) -> EditOut:
        """Merge, split, lock or name."""
        found: EditOut = self._connection.post("/clusters/edits", dict(given))
        return found

    def undo(self, number: int) -> EditOut:
        """Take an edit back."""
        found: EditOut = self._connection.post(f"/clusters/edits/{number}/undo")
        return found

    def keep(self, name: str) -> CycleOut:
        """Keep the state of today."""
        found: CycleOut = self._connection.post("/cycles", {"name": name})
        return found
