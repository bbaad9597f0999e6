"""Candidates, their rooms, interest and questions, as they are sent and shown."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from matcher.records import JointInterest, Nature
from service.cooperation.stages import STEPS, Stage
from service.schemas.forms import Answer, Day, Key, Line, Model, Money, Note, Said, Text, UtcDateTime

Words = Annotated[list[Line], Field(max_length=40)]
Step = Literal[
    "identification", "financing", "market_research", "memorandum", "agreement", "description", "terms"
]
assert set(Step.__args__) == set(STEPS)  # type: ignore[attr-defined]  # a literal knows its words


class CandidateBrief(Answer):
    """Enough of a candidate to decide whether to open it."""

    id: str
    title: str
    level: Said = Field(description="A ready to talk, B promising, C watch.", examples=["B promising"])
    score: float
    completeness: float = Field(description="Share of the factors' weight that is known.")
    scope: Literal["cross-border", "national"]
    countries: list[str]
    need_ids: list[str]
    value_eur_min: float | None
    value_eur_max: float | None
    values_missing: int
    overlap_days: int | None
    doubt: Said = Field(description="Why somebody should look first; empty where there is none.")
    shown: bool = Field(description="Worth showing unasked.")
    stage: Stage
    participants: int
    observers: int
    mine: bool = Field(description="Whether a need of one's own organisation is in it.")


class CandidatesOut(Answer):
    """A part of the list of candidates."""

    items: list[CandidateBrief]
    next: str | None
    versions: dict[str, str]
    day: Day


class InterestIn(Model):
    """Interest in a candidate: not binding, and can be withdrawn."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "participant", "conditions": "Delivery before 2028."}]},
    )

    kind: Literal["participant", "observer"] = "participant"
    conditions: Note = ""


class InterestOut(Answer):
    """Who expressed interest, when, and whether it stands."""

    id: str
    organisation_id: str
    organisation: str
    country: str | None
    kind: str
    conditions: str
    at: UtcDateTime
    withdrawn_at: UtcDateTime | None
    withdrawn_reason: str


class WithdrawalIn(Model):
    """Why interest is withdrawn."""

    reason: Note = ""


class MoveIn(Model):
    """The stage that a candidate goes to."""

    stage: Stage
    reason: Note = ""


class MoveOut(Answer):
    """One change of stage."""

    candidate_id: str = Field(description="The id that the candidate had then.")
    before: Stage
    after: Stage
    reason: str
    organisation_id: str = Field(
        description="Empty for an authority that shows no name there, or has no need there any more."
    )
    at: UtcDateTime


class ChecklistIn(Model):
    """What is known of a step."""

    done: bool | None = None
    owner: Line | None = None
    due: Day | None = None
    note: Note | None = None


class ChecklistOut(Answer):
    """One of the seven steps."""

    step: Step
    item: str
    owner: str
    due: Day | None
    done: bool
    note: str


class AgreementIn(Model):
    """What participants agreed. The software keeps it; it binds nobody."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "responsibilities": "EE leads the procedure; FI writes the specification.",
                    "applicable_law": "EE",
                    "internal_organisation": "Steering group of one member each, monthly.",
                    "framework": True,
                    "named_users": ["Police and Border Guard Board", "Poliisi"],
                    "max_value_eur": 5000000.0,
                }
            ]
        },
    )

    responsibilities: Text | None = None
    applicable_law: Note | None = None
    internal_organisation: Text | None = None
    framework: bool | None = None
    named_users: Annotated[list[Line], Field(max_length=200)] | None = None
    max_value_eur: Money | None = None
    max_quantity: Note | None = None


class FormerRoomOut(Answer):
    """The workspace of a candidate that is part of another now, as it was left."""

    candidate_id: str
    stage: Stage
    checklist: list[ChecklistOut]
    agreement: dict[str, Any]


class RoomOut(Answer):
    """The workspace of a candidate, with what was done in those that it took over.

    Where nobody has acted in it yet, it goes on from the one that was changed last.
    """

    version: int
    stage: Stage
    checklist: list[ChecklistOut]
    agreement: dict[str, Any]
    agreement_missing: list[Said] = Field(description="What an agreement does not settle yet.")
    interests: list[InterestOut]
    history: list[MoveOut]
    former: list[FormerRoomOut] = Field(description="Workspaces of candidates that were merged into it.")
    following: bool


class CandidateOut(Answer):
    """Everything that is shown of a candidate: a suggestion; the authorities decide."""

    brief: CandidateBrief
    candidate: dict[str, Any] = Field(
        description="Members, factors with sentences, gates, totals, threshold, timeline, differences, "
        "forms, leads, lots, instrument, solutions, and what would raise the score."
    )
    room: RoomOut | None = Field(description="Null for who sees public needs only.")
    requested_id: str = Field(description="The id asked for: an earlier one leads to the present one.")
    versions: dict[str, str]


class Stated(Model):
    """What a need would say; what is left out stays, null takes it away."""

    regime: Line | None = None
    buyer_type: Line | None = None
    quantity: Line | None = None
    nature: Nature | None = None
    joint_interest: JointInterest | None = None
    cpv: Words | None = None
    standards: Words | None = None
    working_languages: Words | None = None
    value_eur: Money | None = None
    value_min_eur: Money | None = None
    value_max_eur: Money | None = None
    window_start: Day | None = None
    window_end: Day | None = None
    delivery_start: Day | None = None
    delivery_end: Day | None = None

    def fields(self) -> dict[str, Any]:
        """What is stated, as fields of a need hold it.

        >>> Stated(regime=None, standards=["EN 1063"]).fields()
        {'regime': '', 'standards': ['EN 1063']}
        """
        said = {name: getattr(self, name) for name in sorted(self.model_fields_set)}
        return {name: _BLANK.get(name) if value is None else value for name, value in said.items()}


_BLANK: dict[str, Any] = {
    **dict.fromkeys(("regime", "buyer_type", "quantity"), ""),
    **{name: [] for name in ("cpv", "standards", "working_languages")},
}


class WhatIfIn(Model):
    """A change to try out; nothing is kept."""

    drop: Annotated[list[Key], Field(max_length=100)] = Field(default_factory=list)
    add: Key | None = Field(
        default=None, description="A need that would join: any that one sees, private ones of one's own too."
    )
    move: dict[Key, tuple[Day | None, Day | None]] = Field(
        default_factory=dict, max_length=100, description="New procurement windows, by need."
    )
    state: dict[Key, Stated] = Field(default_factory=dict, max_length=100, description="By need.")


class WhatIfOut(Answer):
    """Before and after, and what the change does."""

    before: dict[str, Any]
    after: dict[str, Any]
    changes: list[Said]


class QuestionIn(Model):
    """A question that all followers will read the answer of; it must name nobody."""

    text: Text = Field(min_length=1)
    language: str | None = Field(default=None, pattern="^[a-z]{2}$")


class AnswerIn(Model):
    """The answer, the same for all."""

    answer: Text = Field(min_length=1)


class QuestionOut(Answer):
    """A question and its answer. Who asked is shown to nobody but the one who asked."""

    id: str
    text: str
    language: str | None
    asked_at: UtcDateTime
    mine: bool
    answer: str | None
    answered_at: UtcDateTime | None


class FollowOut(Answer):
    """Whether one follows something."""

    following: bool
