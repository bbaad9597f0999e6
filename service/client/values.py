"""Values of the interface; written by `python -m service.handbook` from its description."""

# ruff: noqa: D101
from typing import Any, Literal, NotRequired, TypedDict


class AgreementIn(TypedDict):
    applicable_law: NotRequired[str | None]
    framework: NotRequired[bool | None]
    internal_organisation: NotRequired[str | None]
    max_quantity: NotRequired[str | None]
    max_value_eur: NotRequired[float | None]
    named_users: NotRequired[list[str] | None]
    responsibilities: NotRequired[str | None]


class Alive(TypedDict):
    status: NotRequired[Literal["alive"]]


class AnalysisOut(TypedDict):
    name: str
    tells: str


class AnswerIn(TypedDict):
    answer: str


class AreaOut(TypedDict):
    key: str
    label: str
    prefixes: list[str]


class AreasOut(TypedDict):
    areas: "list[AreaOut]"
    functions: "list[AreaOut]"


class BehindOut(TypedDict):
    feature: str
    needed: float
    value: float
    words: str


class CandidateBrief(TypedDict):
    completeness: float
    countries: list[str]
    doubt: str
    id: str
    level: str
    mine: bool
    need_ids: list[str]
    observers: int
    overlap_days: int | None
    participants: int
    scope: Literal["cross-border", "national"]
    score: float
    shown: bool
    stage: "Stage"
    title: str
    value_eur_max: float | None
    value_eur_min: float | None
    values_missing: int


class CandidateOut(TypedDict):
    brief: "CandidateBrief"
    candidate: dict[str, Any]
    requested_id: str
    room: "RoomOut | None"
    versions: dict[str, str]


class CandidatesOut(TypedDict):
    day: str
    items: "list[CandidateBrief]"
    next: str | None
    versions: dict[str, str]


class ChangesOut(TypedDict):
    after: "CycleOut"
    before: "CycleOut"
    changes: dict[str, Any]
    sentences: list[str]


class Checked(TypedDict):
    acceptable: bool
    classified: "list[MarkingOut]"
    completeness: float | None
    cpv: "list[SuggestedCode] | None"
    duplicates: "list[CopyOut] | None"
    issues: "list[Issue]"
    missing: "list[GapOut]"
    sensitive: "list[SensitiveOut]"
    vetting: str | None
    warnings: "list[Finding]"


class ChecklistIn(TypedDict):
    done: NotRequired[bool | None]
    due: NotRequired[str | None]
    note: NotRequired[str | None]
    owner: NotRequired[str | None]


class ChecklistOut(TypedDict):
    done: bool
    due: str | None
    item: str
    note: str
    owner: str
    step: Literal[
        "identification", "financing", "market_research", "memorandum", "agreement", "description", "terms"
    ]


class ClusterDetail(TypedDict):
    cluster: "ClusterOut"
    events: list[str]
    likeness: list[list[float]]
    near: "list[NearCluster]"
    needs: "list[NeedBrief]"
    phrases: dict[str, list[str]]


class ClusterOut(TypedDict):
    cohesion: float
    countries: list[str]
    id: str
    language: str | None
    level: str | None
    locked: bool
    medoid: str
    name: str
    need_ids: list[str]
    title: str


class ClustersOut(TypedDict):
    items: "list[ClusterOut]"
    next: str | None
    singles: int
    total: int
    versions: dict[str, str]


class ContributionOut(TypedDict):
    feature: str
    logit: float | None
    stated: bool
    value: float


class CopiesOut(TypedDict):
    items: "list[CopyOut]"


class CopyOut(TypedDict):
    country: str | None
    id: str
    organisation: str
    own: bool
    probability: float
    reasons: list[str]
    title: str


class CpvAsked(TypedDict):
    k: NotRequired[int]
    language: NotRequired[str | None]
    text: str


class CpvDetail(TypedDict):
    area: str | None
    children: "list[CpvOut]"
    code: str
    function: str | None
    label: str
    nature: str | None
    parent: str | None
    path: "list[CpvOut]"


class CpvOut(TypedDict):
    code: str
    label: str
    parent: str | None


class CpvSuggested(TypedDict):
    items: "list[SuggestedCode]"


class CycleIn(TypedDict):
    name: str


class CycleOut(TypedDict):
    at: str
    candidates: int
    clusters: int
    day: str
    id: str
    name: str
    needs: int


Decision = Literal["vetted", "refused"]


class DeliveryOut(TypedDict):
    attempts: int
    error: str
    next_at: str | None
    state: Literal["waiting", "arrived", "given_up"]


class DigestOut(TypedDict):
    items: "list[ToldOut]"
    told: bool
    waiting: int


class EditIn(TypedDict):
    apart: NotRequired[list[str]]
    name: NotRequired[str]
    need_ids: list[str]
    op: Literal["merge", "split", "lock", "unlock", "rename", "must_link", "cannot_link"]
    why: NotRequired[str]


class EditOut(TypedDict):
    apart: list[str]
    at: str
    name: str
    need_ids: list[str]
    number: int
    op: str
    stands: bool
    undoes: int | None
    who: str
    why: str


class Event(TypedDict):
    action: str
    actor_id: str | None
    after_hash: str | None
    at: str
    before_hash: str | None
    id: int
    object_id: str
    object_kind: str
    organisation_id: str | None
    reason: str
    request_id: str
    versions: dict[str, str | int | float | bool | list[str] | None]


class EvidenceOut(TypedDict):
    need: "QuoteOut"
    similarity: float
    solution: "QuoteOut"


class ExportIn(TypedDict):
    filters: NotRequired["Filters"]
    format: NotRequired[Literal["csv", "tsv", "xlsx", "jsonl", "ocds"]]
    own: NotRequired[bool]
    what: "What"


class FeedbackIn(TypedDict):
    comment: NotRequired[str]
    document_id: str
    query_id: str
    rank_shown: NotRequired[int | None]
    reason: NotRequired["ReasonOfJudging"]
    subject: NotRequired["Subject"]
    verdict: "Verdict"


class FeedbackOut(TypedDict):
    at: str
    comment: str
    document_id: str
    id: str
    model_version: str
    query_id: str
    rank_shown: int | None
    reason: "ReasonOfJudging"
    score_shown: float | None
    subject: "Subject"
    undone_at: str | None
    verdict: "Verdict"


class Filters(TypedDict):
    countries: NotRequired[list[str]]
    cpv: NotRequired[list[str]]
    languages: NotRequired[list[str]]
    nature: NotRequired["Nature | None"]
    trl_min: NotRequired[int | None]


class Finding(TypedDict):
    pointer: str
    problem: str
    remedy: str


class FindingOut(TypedDict):
    analysis: str
    caveat: str
    coverage: str
    day: str
    n: int
    parameters: dict[str, Any]
    rows: list[dict[str, Any]]
    sentence: str
    versions: dict[str, str]


class FollowOut(TypedDict):
    following: bool


class FormerRoomOut(TypedDict):
    agreement: dict[str, Any]
    candidate_id: str
    checklist: "list[ChecklistOut]"
    stage: "Stage"


class GapOut(TypedDict):
    effect: str
    field: str
    weight: float


class Identifier(TypedDict):
    id: str
    scheme: str


class InUse(TypedDict):
    base: NotRequired[str | None]
    calibrated_on: str | None
    cpv: bool
    dimension: int
    duplicates: bool
    engine: str
    grouping_on: str | None
    id: str
    judgements: int | None
    languages: list[str]
    licence: str
    offset: str | None
    revision: str


class InterestIn(TypedDict):
    conditions: NotRequired[str]
    kind: NotRequired[Literal["participant", "observer"]]


class InterestOut(TypedDict):
    at: str
    conditions: str
    country: str | None
    id: str
    kind: str
    organisation: str
    organisation_id: str
    withdrawn_at: str | None
    withdrawn_reason: str


class Issue(TypedDict):
    pointer: str
    problem: str
    remedy: str
    severity: Literal["refused", "dropped"]


class JobOut(TypedDict):
    attempts: int
    created_at: str
    done: int
    error: str
    finished_at: str | None
    id: str
    issues: "list[RowIssue]"
    issues_in_all: int
    kind: str
    links: dict[str, str]
    options: dict[str, Any]
    result: dict[str, Any]
    status: "Status"
    total: int | None
    user: str
    user_id: str | None


JointInterest = Literal["yes", "maybe", "no", "observer"]

Kind = Literal["need", "solution"]

Level = Literal["strong", "likely", "possible", "weak"]


class Links(TypedDict):
    links: dict[str, str]
    title: str
    version: str


class LoginIn(TypedDict):
    email: str
    password: str


class MarkingOut(TypedDict):
    country: str | None
    end: int
    level: str
    pointer: str
    start: int
    text: str


class MaskedOut(TypedDict):
    field: str
    reason: str
    reason_code: "ReasonOfRedaction"
    until: str | None


class MatchOut(TypedDict):
    assumptions: list[str]
    contributions: "list[ContributionOut]"
    evidence: "list[EvidenceOut]"
    gaps: list[str]
    level: "Level | None"
    matched: list[str]
    missing: "list[MissingOut]"
    need: NotRequired["NeedBrief | None"]
    next_question: str
    probability: float | None
    rank: int
    score: float
    solution: NotRequired["SolutionBrief | None"]
    uncovered: "list[QuoteOut]"
    verdict: NotRequired["Verdict | None"]


class MatchesOut(TypedDict):
    below_level: int
    hidden: dict[str, int]
    items: "list[MatchOut]"
    language: str | None
    refused: int
    reranked: NotRequired[bool]
    versions: dict[str, str]


class MeOut(TypedDict):
    created_at: str
    email: str
    has_password: bool
    id: str
    last_login_at: str | None
    locale: str
    name: str
    oidc_linked: bool
    organisation: "OrganisationRef"
    permissions: "list[Permission]"
    role: "Role"
    scopes: "list[Scope]"
    session: "SessionOut | None"
    version: int


class MePatch(TypedDict):
    locale: NotRequired[
        Literal[
            "bg",
            "cs",
            "da",
            "de",
            "el",
            "en",
            "es",
            "et",
            "fi",
            "fr",
            "ga",
            "hr",
            "hu",
            "it",
            "lt",
            "lv",
            "mt",
            "nl",
            "pl",
            "pt",
            "ro",
            "sk",
            "sl",
            "sv",
        ]
        | None
    ]
    name: NotRequired[str | None]


class MessageOut(TypedDict):
    at: str
    body: dict[str, Any]
    id: str
    kind: str
    read_at: str | None
    saved_search_id: str | None
    subject: str


class MethodsOut(TypedDict):
    oidc: str | None
    oidc_login: str | None
    password: NotRequired[bool]


class MissingOut(TypedDict):
    effect: str
    field: str
    kind: "Kind"


class Model(TypedDict):
    base: NotRequired[str | None]
    dimension: int
    id: str
    languages: list[str]
    licence: str
    revision: str


class ModelsOut(TypedDict):
    in_use: "InUse"
    known: "list[Model]"
    versions: dict[str, str]


class MoveOut(TypedDict):
    after: "Stage"
    at: str
    before: "Stage"
    candidate_id: str
    organisation_id: str
    reason: str


Nature = Literal["supplies", "services", "works"]


class NearCluster(TypedDict):
    cluster: "ClusterOut"
    likeness: float


class NeedBrief(TypedDict):
    country: str | None
    cpv: list[str]
    id: str
    language: str | None
    organisation: str
    quantity: str
    title: str
    value_eur: float | None
    window_end: str | None
    window_start: str | None


class NeedIn(TypedDict):
    budget_status: NotRequired[Literal["idea", "planned", "requested", "approved"] | None]
    budget_year: NotRequired[int | None]
    buyer_type: NotRequired[str | None]
    classification: NotRequired[Literal["none", "restricted", "confidential", "secret", "top secret"] | None]
    contact: NotRequired[str | None]
    country: NotRequired[str | None]
    cpv: NotRequired[list[str]]
    currency: NotRequired[str | None]
    delivery_end: NotRequired[str | None]
    delivery_start: NotRequired[str | None]
    description: NotRequired[str | None]
    duration_months: NotRequired[int | None]
    expires_at: NotRequired[str | None]
    extra: NotRequired[dict[str, Any]]
    id: NotRequired[str | None]
    joint_interest: NotRequired["JointInterest | None"]
    language: NotRequired[str | None]
    level: NotRequired[Literal["strategic", "operational", "tactical"] | None]
    nature: NotRequired["Nature | None"]
    nuts: NotRequired[list[str]]
    organisation: NotRequired[str | None]
    organisation_id: NotRequired[str | None]
    outcome: NotRequired[str | None]
    procedure_intent: NotRequired[
        Literal[
            "open", "restricted", "negotiated", "dialogue", "innovation", "pcp", "ppi", "framework", "unknown"
        ]
        | None
    ]
    quantity: NotRequired[str | None]
    redactions: NotRequired["list[RedactionIn]"]
    ref: NotRequired[str | None]
    regime: NotRequired[str | None]
    requirements: NotRequired[str | None]
    shared_with: NotRequired[list[str]]
    source: NotRequired[str | None]
    standards: NotRequired[list[str]]
    status: NotRequired[Literal["draft", "open"] | None]
    tags: NotRequired[list[str]]
    title: NotRequired[str | None]
    titles: NotRequired[dict[str, Any]]
    tlp: NotRequired["Tlp | None"]
    trl_min: NotRequired[int | None]
    url: NotRequired[str | None]
    value: NotRequired[float | None]
    value_eur: NotRequired[float | None]
    value_max: NotRequired[float | None]
    value_max_eur: NotRequired[float | None]
    value_min: NotRequired[float | None]
    value_min_eur: NotRequired[float | None]
    vat_included: NotRequired[bool | None]
    visibility: NotRequired["Visibility | None"]
    window_end: NotRequired[str | None]
    window_start: NotRequired[str | None]
    working_languages: NotRequired[list[str]]


class NeedOut(TypedDict):
    budget_status: str
    budget_year: int | None
    buyer_type: str
    classification: str
    completeness: float | None
    contact: str
    country: str | None
    cpv: list[str]
    created_at: str | None
    currency: str
    delivery_end: str | None
    delivery_start: str | None
    description: str
    duration_months: int | None
    expires_at: str | None
    extra: dict[str, str]
    id: str
    joint_interest: "JointInterest | None"
    language: str | None
    level: str
    masked: "list[MaskedOut]"
    missing: "list[GapOut] | None"
    nature: "Nature | None"
    nuts: list[str]
    organisation: str
    organisation_id: str
    outcome: str
    own: bool
    procedure_intent: str
    quantity: str
    redactions: "list[RedactionIn] | None"
    ref: str | None
    regime: str
    requirements: str
    sensitive: "list[SensitiveOut] | None"
    shared_with: list[str] | None
    source: str
    standards: list[str]
    status: str
    tags: list[str]
    title: str
    titles: dict[str, str]
    tlp: "Tlp | None"
    trl_min: int | None
    updated_at: str
    url: str
    value: float | None
    value_eur: float | None
    value_max_eur: float | None
    value_min_eur: float | None
    vat_included: bool | None
    version: int | None
    visibility: "Visibility"
    warnings: "list[Finding] | None"
    window_end: str | None
    window_start: str | None
    working_languages: list[str]


class NeedSearch(TypedDict):
    countries: NotRequired[list[str]]
    cpv: NotRequired[list[str]]
    k: NotRequired[int]
    language: NotRequired[str | None]
    languages: NotRequired[list[str]]
    min_level: NotRequired["Level | None"]
    nature: NotRequired["Nature | None"]
    text: str


class OrganisationIn(TypedDict):
    buyer_type: NotRequired[str]
    contact: NotRequired[str]
    country: NotRequired[str | None]
    identifiers: NotRequired["list[Identifier]"]
    is_cpb: NotRequired[bool]
    kind: "OrganisationKind"
    languages: NotRequired[
        list[
            Literal[
                "bg",
                "cs",
                "da",
                "de",
                "el",
                "en",
                "es",
                "et",
                "fi",
                "fr",
                "ga",
                "hr",
                "hu",
                "it",
                "lt",
                "lv",
                "mt",
                "nl",
                "pl",
                "pt",
                "ro",
                "sk",
                "sl",
                "sv",
            ]
        ]
    ]
    name: str
    size: NotRequired["Size"]
    vetted: NotRequired[bool]
    website: NotRequired[str]


OrganisationKind = Literal[
    "contracting_authority",
    "cpb",
    "prescriber",
    "ministry",
    "agency",
    "supplier",
    "research",
    "network",
    "international",
]


class OrganisationOut(TypedDict):
    buyer_type: str
    contact: str | None
    country: str | None
    id: str
    identifiers: "list[Identifier] | None"
    is_cpb: bool
    kind: "OrganisationKind"
    languages: list[str]
    name: str
    size: "Size"
    version: int
    vetted_at: str | None
    vetting: str | None
    website: str


class OrganisationPatch(TypedDict):
    buyer_type: NotRequired[str | None]
    contact: NotRequired[str | None]
    country: NotRequired[str | None]
    identifiers: NotRequired["list[Identifier] | None"]
    is_cpb: NotRequired[bool | None]
    kind: NotRequired["OrganisationKind | None"]
    languages: NotRequired[
        list[
            Literal[
                "bg",
                "cs",
                "da",
                "de",
                "el",
                "en",
                "es",
                "et",
                "fi",
                "fr",
                "ga",
                "hr",
                "hu",
                "it",
                "lt",
                "lv",
                "mt",
                "nl",
                "pl",
                "pt",
                "ro",
                "sk",
                "sl",
                "sv",
            ]
        ]
        | None
    ]
    name: NotRequired[str | None]
    size: NotRequired["Size | None"]
    website: NotRequired[str | None]


class OrganisationRef(TypedDict):
    country: str | None
    id: str
    kind: "OrganisationKind"
    name: str
    vetted: bool


class PageOfAnalysisOut(TypedDict):
    items: "list[AnalysisOut]"
    next: NotRequired[str | None]


class PageOfCpvOut(TypedDict):
    items: "list[CpvOut]"
    next: NotRequired[str | None]


class PageOfCycleOut(TypedDict):
    items: "list[CycleOut]"
    next: NotRequired[str | None]


class PageOfEditOut(TypedDict):
    items: "list[EditOut]"
    next: NotRequired[str | None]


class PageOfEvent(TypedDict):
    items: "list[Event]"
    next: NotRequired[str | None]


class PageOfFeedbackOut(TypedDict):
    items: "list[FeedbackOut]"
    next: NotRequired[str | None]


class PageOfJobOut(TypedDict):
    items: "list[JobOut]"
    next: NotRequired[str | None]


class PageOfMessageOut(TypedDict):
    items: "list[MessageOut]"
    next: NotRequired[str | None]


class PageOfNeedOut(TypedDict):
    items: "list[NeedOut]"
    next: NotRequired[str | None]


class PageOfOrganisationOut(TypedDict):
    items: "list[OrganisationOut]"
    next: NotRequired[str | None]


class PageOfQuestionOut(TypedDict):
    items: "list[QuestionOut]"
    next: NotRequired[str | None]


class PageOfSavedSearchOut(TypedDict):
    items: "list[SavedSearchOut]"
    next: NotRequired[str | None]


class PageOfSolutionOut(TypedDict):
    items: "list[SolutionOut]"
    next: NotRequired[str | None]


class PageOfUserOut(TypedDict):
    items: "list[UserOut]"
    next: NotRequired[str | None]


class PageOfVersionOut(TypedDict):
    items: "list[VersionOut]"
    next: NotRequired[str | None]


class PairOut(TypedDict):
    match: "MatchOut"
    need: dict[str, Any]
    solution: dict[str, Any]


class PasswordIn(TypedDict):
    current: NotRequired[str | None]
    new: str


Permission = Literal[
    "open",
    "account",
    "suggest",
    "read_needs",
    "write_needs",
    "read_solutions",
    "write_solutions",
    "match",
    "demand",
    "read_candidates",
    "join_candidates",
    "advance_candidates",
    "ask",
    "answer",
    "feedback",
    "save_searches",
    "import",
    "export",
    "market",
    "review_clusters",
    "vet",
    "manage_users",
    "audit",
    "operate",
]


class PersonalData(TypedDict):
    at: str
    data: dict[str, Any]


class Problem(TypedDict):
    detail: str
    errors: NotRequired[list[dict[str, Any]]]
    instance: NotRequired[str]
    status: int
    title: str
    type: str


class QuestionIn(TypedDict):
    language: NotRequired[str | None]
    text: str


class QuestionOut(TypedDict):
    answer: str | None
    answered_at: str | None
    asked_at: str
    id: str
    language: str | None
    mine: bool
    text: str


class QuoteOut(TypedDict):
    language: str | None
    text: str


class Ready(TypedDict):
    status: NotRequired[Literal["ready"]]


class RedactionIn(TypedDict):
    field: str
    reason: str
    reason_code: "ReasonOfRedaction"
    until: NotRequired[str | None]


class RenewIn(TypedDict):
    expires_at: NotRequired[str | None]
    reason: NotRequired[str]


Role = Literal["procurer", "prescriber", "legal", "industry", "analyst", "national_contact", "administrator"]


class RoomOut(TypedDict):
    agreement: dict[str, Any]
    agreement_missing: list[str]
    checklist: "list[ChecklistOut]"
    following: bool
    former: "list[FormerRoomOut]"
    history: "list[MoveOut]"
    interests: "list[InterestOut]"
    stage: "Stage"
    version: int


class RowIssue(TypedDict):
    field: str
    file: str
    line: int
    problem: str
    remedy: str
    severity: Literal["refused", "dropped", "changed", "warned", "skipped"]


class SavedSearchIn(TypedDict):
    channel: NotRequired[Literal["inbox", "email", "webhook", "feed"]]
    example_id: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    filters: NotRequired["Filters"]
    frequency: NotRequired[Literal["instant", "daily", "weekly"]]
    language: NotRequired[str | None]
    max_items: NotRequired[int]
    min_level: NotRequired["Level"]
    name: str
    query_text: NotRequired[str]
    searched: Literal["needs", "solutions"]
    target: NotRequired[str]


class SavedSearchOut(TypedDict):
    active: bool
    channel: Literal["inbox", "email", "webhook", "feed"]
    created_at: str
    example_id: str | None
    expires_at: str | None
    feed_url: str | None
    filters: "Filters"
    frequency: Literal["instant", "daily", "weekly"]
    id: str
    language: str | None
    last_delivery: "DeliveryOut | None"
    last_run_at: str | None
    max_items: int
    min_level: "Level"
    name: str
    query_text: str
    searched: Literal["needs", "solutions"]
    secret: str | None
    target: str
    told: int
    version: int


class SavedSearchPatch(TypedDict):
    active: NotRequired[bool | None]
    channel: NotRequired[Literal["inbox", "email", "webhook", "feed"] | None]
    example_id: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    filters: NotRequired["Filters | None"]
    frequency: NotRequired[Literal["instant", "daily", "weekly"] | None]
    language: NotRequired[str | None]
    max_items: NotRequired[int | None]
    min_level: NotRequired["Level | None"]
    name: NotRequired[str | None]
    query_text: NotRequired[str | None]
    target: NotRequired[str | None]


Scope = Literal["read", "write", "admin"]


class SensitiveOut(TypedDict):
    advice: str
    end: int
    kind: str
    pointer: str
    start: int
    text: str


class SessionOut(TypedDict):
    csrf: str
    expires_at: str


class SimilarOut(TypedDict):
    candidate_id: str | None
    contact: str
    differences: list[str]
    evidence: "list[EvidenceOut]"
    need: "NeedBrief"
    overlap_days: int | None
    own: bool
    rank: int
    relation: Literal["national", "abroad", "unknown"]
    same_need: float | None
    score: float
    who: str


class SimilarsOut(TypedDict):
    hidden: dict[str, int]
    items: "list[SimilarOut]"
    refused: int
    versions: dict[str, str]


Size = Literal["", "micro", "small", "medium", "large"]


class SolutionBrief(TypedDict):
    availability: str
    country: str | None
    cpv: list[str]
    delivery_countries: list[str]
    id: str
    language: str | None
    name: str
    size: str
    standards: list[str]
    trl: int | None
    vendor: str


class SolutionIn(TypedDict):
    availability: NotRequired[str | None]
    contact: NotRequired[str | None]
    country: NotRequired[str | None]
    cpv: NotRequired[list[str]]
    currency: NotRequired[str | None]
    delivery_countries: NotRequired[list[str]]
    description: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    extra: NotRequired[dict[str, Any]]
    id: NotRequired[str | None]
    language: NotRequired[str | None]
    name: NotRequired[str | None]
    nuts: NotRequired[list[str]]
    price_max: NotRequired[float | None]
    price_max_eur: NotRequired[float | None]
    price_min: NotRequired[float | None]
    price_min_eur: NotRequired[float | None]
    redactions: NotRequired["list[RedactionIn]"]
    ref: NotRequired[str | None]
    shared_with: NotRequired[list[str]]
    size: NotRequired[str | None]
    source: NotRequired[str | None]
    standards: NotRequired[list[str]]
    status: NotRequired[Literal["draft", "open"] | None]
    tags: NotRequired[list[str]]
    titles: NotRequired[dict[str, Any]]
    tlp: NotRequired["Tlp | None"]
    trl: NotRequired[int | None]
    url: NotRequired[str | None]
    vendor: NotRequired[str | None]
    vendor_id: NotRequired[str | None]
    visibility: NotRequired["Visibility | None"]


class SolutionOut(TypedDict):
    availability: str
    completeness: float | None
    contact: str
    country: str | None
    cpv: list[str]
    created_at: str | None
    currency: str
    delivery_countries: list[str]
    description: str
    expires_at: str | None
    extra: dict[str, str]
    id: str
    language: str | None
    masked: "list[MaskedOut]"
    missing: "list[GapOut] | None"
    name: str
    nuts: list[str]
    own: bool
    price_max: float | None
    price_max_eur: float | None
    price_min: float | None
    price_min_eur: float | None
    redactions: "list[RedactionIn] | None"
    ref: str | None
    sensitive: "list[SensitiveOut] | None"
    shared_with: list[str] | None
    size: str
    source: str
    standards: list[str]
    status: str
    tags: list[str]
    titles: dict[str, str]
    tlp: "Tlp | None"
    trl: int | None
    updated_at: str
    url: str
    vendor: str
    vendor_id: str
    version: int | None
    visibility: "Visibility"
    warnings: "list[Finding] | None"


class SolutionSearch(TypedDict):
    countries: NotRequired[list[str]]
    cpv: NotRequired[list[str]]
    k: NotRequired[int]
    language: NotRequired[str | None]
    languages: NotRequired[list[str]]
    min_level: NotRequired["Level | None"]
    text: str
    trl_min: NotRequired[int | None]


Stage = Literal[
    "detected",
    "confirmed_by_owners",
    "interest",
    "workspace",
    "consultation",
    "memorandum",
    "agreement",
    "handed_over",
    "closed",
]


class Stated(TypedDict):
    buyer_type: NotRequired[str | None]
    cpv: NotRequired[list[str] | None]
    delivery_end: NotRequired[str | None]
    delivery_start: NotRequired[str | None]
    joint_interest: NotRequired["JointInterest | None"]
    nature: NotRequired["Nature | None"]
    quantity: NotRequired[str | None]
    regime: NotRequired[str | None]
    standards: NotRequired[list[str] | None]
    value_eur: NotRequired[float | None]
    value_max_eur: NotRequired[float | None]
    value_min_eur: NotRequired[float | None]
    window_end: NotRequired[str | None]
    window_start: NotRequired[str | None]
    working_languages: NotRequired[list[str] | None]


Status = Literal["queued", "running", "done", "failed", "cancelled"]

Subject = Literal["match", "demand", "similar", "candidate", "cpv", "cluster"]


class SuggestedCode(TypedDict):
    code: str
    label: str
    likelihood: float
    path: list[str]


class ThresholdOut(TypedDict):
    amount_eur: float
    buyer_class: str
    contract_kind: str
    directive: str
    note: str
    provisional: bool
    rule: str
    source: str
    valid_from: str
    valid_to: str
    validity: str


class ThresholdsOut(TypedDict):
    items: "list[ThresholdOut]"
    note: str


Tlp = Literal["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"]


class TokenIn(TypedDict):
    expires_days: NotRequired[int | None]
    name: str
    scopes: "list[Scope]"


class TokenMade(TypedDict):
    created_at: str
    expires_at: str | None
    id: str
    last_used_at: str | None
    name: str
    scopes: "list[Scope]"
    token: str


class TokenOut(TypedDict):
    created_at: str
    expires_at: str | None
    id: str
    last_used_at: str | None
    name: str
    scopes: "list[Scope]"


class TokensOut(TypedDict):
    items: "list[TokenOut]"
    next: NotRequired[None]


class ToldOut(TypedDict):
    change: Literal["new", "changed"]
    facts: str
    id: str
    kind: Literal["need", "solution"]
    language: str | None
    level: "Level | None"
    link: str
    title: str


class UserIn(TypedDict):
    email: str
    locale: NotRequired[
        Literal[
            "bg",
            "cs",
            "da",
            "de",
            "el",
            "en",
            "es",
            "et",
            "fi",
            "fr",
            "ga",
            "hr",
            "hu",
            "it",
            "lt",
            "lv",
            "mt",
            "nl",
            "pl",
            "pt",
            "ro",
            "sk",
            "sl",
            "sv",
        ]
    ]
    name: NotRequired[str]
    organisation_id: str
    password: NotRequired[str | None]
    role: "Role"


class UserOut(TypedDict):
    active: bool
    created_at: str
    email: str
    has_password: bool
    id: str
    last_login_at: str | None
    locale: str
    locked_until: str | None
    name: str
    oidc_linked: bool
    organisation: "OrganisationRef"
    role: "Role"
    version: int


class UserPatch(TypedDict):
    active: NotRequired[bool | None]
    locale: NotRequired[
        Literal[
            "bg",
            "cs",
            "da",
            "de",
            "el",
            "en",
            "es",
            "et",
            "fi",
            "fr",
            "ga",
            "hr",
            "hu",
            "it",
            "lt",
            "lv",
            "mt",
            "nl",
            "pl",
            "pt",
            "ro",
            "sk",
            "sl",
            "sv",
        ]
        | None
    ]
    name: NotRequired[str | None]
    password: NotRequired[str | None]
    role: NotRequired["Role | None"]
    unlock: NotRequired[bool]


Verdict = Literal["relevant", "not_relevant", "unsure"]


class VersionOut(TypedDict):
    at: str
    body: dict[str, Any]
    by: str | None
    changed: list[str]
    status: Literal["draft", "open", "in_candidate", "paused", "fulfilled", "withdrawn", "expired"]
    version: int
    visibility: "Visibility"


class VettingIn(TypedDict):
    decision: "Decision"
    reason: str


Visibility = Literal["private", "group", "network", "network_industry", "public"]

What = Literal["needs", "solutions", "matches", "feedback", "candidates"]


class WhatIfIn(TypedDict):
    add: NotRequired[str | None]
    drop: NotRequired[list[str]]
    move: NotRequired[dict[str, Any]]
    state: NotRequired[dict[str, Any]]


class WhatIfOut(TypedDict):
    after: dict[str, Any]
    before: dict[str, Any]
    changes: list[str]


class WhyNotOut(TypedDict):
    behind: "list[BehindOut]"
    change: str
    gaps: list[str]
    hidden_by: list[str]
    id: str
    rank: int | None
    sentence: str
    shown: int
    uncovered: list[str]


class WithdrawalIn(TypedDict):
    reason: NotRequired[str]


ReasonOfRedaction = Literal["eo-int", "fair-comp", "law-enf", "oth-int", "rd-ser"]


class MoveInOfCooperation(TypedDict):
    reason: NotRequired[str]
    stage: "Stage"


ReasonOfJudging = Literal[
    "",
    "wrong_function",
    "wrong_scale",
    "wrong_time",
    "wrong_place",
    "legal",
    "security",
    "duplicate",
    "outdated",
    "already_known",
    "other",
]


class MoveInOfRecords(TypedDict):
    reason: NotRequired[str]
