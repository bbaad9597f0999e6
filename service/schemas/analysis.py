"""Clusters, edits, cycles and findings, as they are sent and shown."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.schemas.forms import Answer, Day, Key, Line, Model, Note, Said, UtcDateTime
from service.schemas.matching import NeedBrief


class ClusterOut(Answer):
    """Needs that ask for the same; one alone is a single."""

    id: str
    name: str = Field(description="What an analyst calls it; empty where nobody did.")
    title: str
    language: str | None = Field(description="Of the title.")
    need_ids: list[str]
    medoid: str
    cohesion: float
    locked: bool
    countries: list[str]
    level: str | None = Field(description="A, B or C of the joint candidate that it is; null if it is none.")


class ClustersOut(Answer):
    """A part of the list of clusters."""

    items: list[ClusterOut]
    next: str | None
    total: int
    singles: int = Field(description="Needs without partners: legitimate, and counted.")
    versions: dict[str, str]


class NearCluster(Answer):
    """Another cluster, by how likely its typical need asks for the same."""

    cluster: ClusterOut
    likeness: float = Field(description="Probability that the medoids of both ask for the same.")


class ClusterDetail(Answer):
    """A cluster with its members and how alike they are."""

    cluster: ClusterOut
    needs: list[NeedBrief]
    likeness: list[list[float]] = Field(description="Probability that two ask for the same, by member.")
    phrases: dict[str, list[str]] = Field(description="Phrases that set it apart, by language.")
    events: list[str] = Field(description="What happened to it, oldest first.")
    near: list[NearCluster] = Field(description="The nearest other clusters, single needs among them.")


class EditIn(Model):
    """One change of the groups, by need ids; see `op`."""

    op: Literal["merge", "split", "lock", "unlock", "rename", "must_link", "cannot_link"]
    need_ids: Annotated[list[Key], Field(min_length=1, max_length=500)]
    apart: Annotated[list[Key], Field(max_length=500)] = Field(
        default_factory=list, description="Of a split: the needs that stay behind."
    )
    name: Line = ""
    why: Note = ""


class EditOut(Answer):
    """A change as it is kept."""

    number: int
    op: str
    need_ids: list[str]
    apart: list[str]
    name: str
    why: str
    undoes: int | None
    who: str = Field(description="Name of who made it; empty where the account is gone.")
    at: UtcDateTime
    stands: bool


class CycleIn(Model):
    """The name of a snapshot."""

    name: Annotated[Line, Field(min_length=1, max_length=200)]


class CycleOut(Answer):
    """A snapshot of what an audience saw on a day."""

    id: str
    name: str
    day: Day
    needs: int
    clusters: int
    candidates: int
    at: UtcDateTime


class ChangesOut(Answer):
    """What changed between two snapshots."""

    before: CycleOut
    after: CycleOut
    sentences: list[Said]
    changes: dict[str, Any]


class AnalysisOut(Answer):
    """An analysis that can be asked for."""

    name: str
    tells: Said


class FindingOut(Answer):
    """A finding with everything it rests on. Cells of fewer than three organisations are withheld."""

    analysis: str
    sentence: Said
    n: int
    coverage: Said
    caveat: Said
    day: Day
    parameters: dict[str, Any]
    versions: dict[str, str]
    rows: list[dict[str, Any]]
