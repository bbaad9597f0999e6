"""The service as an object: `Client(url, token).needs.create(title=...)`."""

from types import TracebackType
from typing import Any

from service.client.connection import Connection
from service.client.cooperation import Candidates, Clusters, Questions
from service.client.people import Account, Admin, SavedSearches
from service.client.records import Needs, Solutions
from service.client.values import (
    CpvSuggested,
    FeedbackOut,
    FindingOut,
    MatchesOut,
    ModelsOut,
    PairOut,
    SimilarsOut,
    WhyNotOut,
)
from service.client.work import Jobs


class Client:
    """A client of one service for one user; options are those of `Connection`.

    >>> with Client("http://127.0.0.1:8080", "nm_...") as client:
    ...     type(client.needs).__name__
    'Needs'
    """

    def __init__(self, url: str = "", token: str | None = None, **options: Any) -> None:
        self.connection = Connection(url, token, **options)
        self.needs = Needs(self.connection)
        self.solutions = Solutions(self.connection)
        self.candidates = Candidates(self.connection)
        self.questions = Questions(self.connection)
        self.clusters = Clusters(self.connection)
        self.saved_searches = SavedSearches(self.connection)
        self.jobs = Jobs(self.connection)
        self.me = Account(self.connection)
        self.admin = Admin(self.connection)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def match(self, need_id: str, **filters: Any) -> MatchesOut:
        """The solutions that answer a need best."""
        found: MatchesOut = self.connection.get(f"/needs/{need_id}/solutions", **filters)
        return found

    def similar(self, need_id: str, **filters: Any) -> SimilarsOut:
        """Needs like a need, at home and abroad."""
        found: SimilarsOut = self.connection.get(f"/needs/{need_id}/similar", **filters)
        return found

    def demand(self, solution_id: str, **filters: Any) -> MatchesOut:
        """The needs that a solution would answer."""
        found: MatchesOut = self.connection.get(f"/solutions/{solution_id}/needs", **filters)
        return found

    def search_needs(self, text: str, **given: Any) -> MatchesOut:
        """Needs by free text in any language."""
        found: MatchesOut = self.connection.post("/search/needs", {"text": text, **given})
        return found

    def search_solutions(self, text: str, **given: Any) -> MatchesOut:
        """Solutions by free text in any language."""
        found: MatchesOut = self.connection.post("/search/solutions", {"text": text, **given})
        return found

    def explain(self, need_id: str, solution_id: str) -> PairOut:
        """One pair in full."""
        found: PairOut = self.connection.get("/explain", need=need_id, solution=solution_id)
        return found

    def why_not(self, need_id: str, solution_id: str, **filters: Any) -> WhyNotOut:
        """Why a record is not among the results."""
        found: WhyNotOut = self.connection.get("/why-not", need=need_id, solution=solution_id, **filters)
        return found

    def suggest_cpv(self, text: str, **given: Any) -> CpvSuggested:
        """CPV codes for a text."""
        found: CpvSuggested = self.connection.post("/suggest/cpv", {"text": text, **given})
        return found

    def feedback(self, **given: Any) -> FeedbackOut:
        """Say of a result whether it is relevant."""
        found: FeedbackOut = self.connection.post("/feedback", given)
        return found

    def undo_feedback(self, feedback_id: str) -> None:
        """Take a word back."""
        self.connection.delete(f"/feedback/{feedback_id}")

    def analysis(self, name: str, **params: Any) -> FindingOut:
        """The market from above: one analysis."""
        found: FindingOut = self.connection.get(f"/analytics/{name}", **params)
        return found

    def models(self) -> ModelsOut:
        """What answers are made with."""
        found: ModelsOut = self.connection.get("/models")
        return found
