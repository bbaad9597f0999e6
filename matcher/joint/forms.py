"""The forms of cooperation that could be open to some buyers, and the law that is to be agreed.

What follows from what the members state, with the article it rests on. Not legal advice: every sentence
leaves the answer to a lawyer, and what is not stated leaves a form undecided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from matcher.joint.flags import Answer, answer
from matcher.joint.gates import ids
from matcher.joint.thresholds import NO_THRESHOLD, regime
from matcher.joint.totals import organisation
from matcher.joint.words import under
from matcher.records import EU_COUNTRIES, Need

FormName = Literal["coordinated", "occasional", "cpb", "joint_award", "entity", "executive"]

ASK = "Ask a lawyer."
DEFENCE = "2009/81"
UTILITIES = "2014/25"
CLASSIC = "2014/24"
AVOIDANCE = (
    "Art. 39(1) 2014/24/EU: cross-border means may not be used to avoid mandatory public-law provisions of "
    "one's own state; keep it in mind when a lead country is chosen."
)
REVIEW = "Review body: to be settled; which courts review the award is not guessed here."
LATECOMERS = (
    "C-216/17: a framework serves only authorities that are identified, with quantities that can be "
    "determined; latecomers cannot be added afterwards, so name all potential users before any notice."
)
MAXIMUM = "C-23/20: the notice or the specifications state an estimated and a maximum quantity or value."


@dataclass(frozen=True, slots=True)
class Form:
    """One form of cooperation and whether it is open to the members."""

    name: FormName
    title: str
    basis: str
    open: bool | None
    """None where it cannot be said from what is stated."""
    why: str
    to_settle: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """What is known of the law that would govern the purchase; it is always to be agreed."""

    basis: str
    country: str | None
    """The one state of all members; None where there are several, or where one is not stated."""
    status: Literal["to_be_agreed"]
    sentence: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """What the members state, as the forms ask for it."""

    members: tuple[Need, ...]
    countries: tuple[str, ...]
    no_country: tuple[Need, ...]
    regimes: frozenset[str]
    no_regime: tuple[Need, ...]

    @property
    def abroad(self) -> bool | None:
        """Whether they are of two or more states."""
        return True if len(self.countries) > 1 else None if self.no_country else False

    @property
    def doubts(self) -> str:
        """Why the rules of the directives may not apply to all, or cannot be told to; empty where they do."""
        outside = [country for country in self.countries if country not in EU_COUNTRIES]
        odd = sorted(self.regimes - {CLASSIC, UTILITIES})
        parts = [
            *([f"regime not stated by {ids(self.no_regime)}"] if self.no_regime else []),
            *([f"country not stated by {ids(self.no_country)}"] if self.no_country else []),
            *([f"regimes stated: {_told(self.regimes)}"] if odd or len(self.regimes) > 1 else []),
            *([f"not a member state: {', '.join(outside)}"] if outside else []),
        ]
        return "; ".join(parts)

    @property
    def doubts_at_home(self) -> str:
        """The same for rules within one state, which are those of 2014/24."""
        stated = f"regime stated: {UTILITIES}" if self.regimes == {UTILITIES} else ""
        return "; ".join(part for part in (self.doubts, stated) if part)

    def basis(self, article: str) -> str:
        """An article of 2014/24, or its twin where all are under the directive for utilities."""
        return "Art. 57 2014/25/EU" if self.regimes == {UTILITIES} else f"{article} 2014/24/EU"


def forms(members: Sequence[Need]) -> tuple[Form, ...]:
    """The six forms of cooperation, the one of least effort first, each with whether it is open and why."""
    group = _group(members)
    return (
        _coordinated(group),
        _occasional(group),
        _cpb(group),
        _joint_award(group),
        _entity(group),
        _executive(group),
    )


def law(members: Sequence[Need]) -> Law:
    """The law to be agreed, with the standing warnings."""
    group = _group(members)
    if group.abroad is False:
        basis, country = "Art. 37 and 38 2014/24/EU", group.countries[0]
        sentence = f"Applicable law: to be agreed; all members are of {country}. {ASK}"
    else:
        basis, country = "Art. 39 2014/24/EU", None
        sentence = (
            "Applicable law: to be agreed. With a central purchasing body of another state, the law of its "
            "state applies (Art. 39(3)); in a joint award, the agreement fixes the national provisions that "
            f"apply (Art. 39(4)). {ASK}"
        )
    warnings = [AVOIDANCE, REVIEW, LATECOMERS, MAXIMUM]
    if len(group.regimes) > 1:
        warnings.append(f"Several regimes are stated ({_told(group.regimes)}): they need advice.")
    if NO_THRESHOLD in group.regimes:
        warnings.append("A member states an exemption under Art. 346 TFEU: legal review first.")
    return Law(basis, country, "to_be_agreed", sentence, (*warnings, ASK))


def _group(members: Sequence[Need]) -> _Group:
    ordered = tuple(sorted(members, key=lambda need: (need.country or "", need.id)))
    return _Group(
        members=ordered,
        countries=tuple(sorted({need.country for need in ordered if need.country})),
        no_country=tuple(need for need in ordered if not need.country),
        regimes=frozenset(regime(need) for need in ordered) - {""},
        no_regime=tuple(need for need in ordered if not regime(need)),
    )


def _coordinated(group: _Group) -> Form:
    return Form(
        "coordinated",
        "coordinated procurement",
        "recital 71 2014/24/EU",
        True,
        _why(
            group, "coordinated", "Each runs its own procedure with a common specification: the least effort."
        ),
        ("the common technical specification", "who keeps it"),
    )


def _occasional(group: _Group) -> Form:
    settle = ("which parts are done jointly", "who acts for all", "responsibility for each part")
    opens: bool | None
    if group.abroad is False:
        opens = None if group.doubts_at_home else True
        why = f"All members are of {group.countries[0]}{_but(group.doubts_at_home)}."
    else:
        opens = None
        at_home = [
            country
            for country in group.countries
            if len({organisation(need) or need.id for need in group.members if need.country == country}) > 1
        ]
        why = "Between states, the means of Art. 39 are to be looked at first."
        if at_home:
            why += f" Several members are of {', '.join(at_home)}: among them it could serve."
    basis = "Art. 38 2014/24/EU"
    return Form(
        "occasional", "occasional joint procurement", basis, opens, _why(group, "occasional", why), settle
    )


def _cpb(group: _Group) -> Form:
    bodies = [need for need in group.members if answer(need, "is_cpb") is Answer.YES]
    basis = "Art. 37 2014/24/EU" if group.abroad is False else group.basis("Art. 39(2)-(3)")
    settle = ["who runs call-offs and mini-competitions"]
    if group.abroad is not False:
        settle.append("the law of the body's state, which applies")
    opens: bool | None = None
    if not bodies:
        why = "No member says that it is a central purchasing body; one outside the group could serve."
    elif group.abroad is False:
        opens = None if group.doubts_at_home else True
        why = f"Stated central purchasing body: {ids(bodies)}{_but(group.doubts_at_home)}."
    else:
        serving = [need for need in bodies if answer(need, "cpb_serves_foreign") is Answer.YES]
        refusing = [need for need in bodies if answer(need, "cpb_serves_foreign") is Answer.NO]
        if serving:
            opens = None if group.doubts else True
            why = f"Stated central purchasing body for other states too: {ids(serving)}{_but(group.doubts)}."
        elif len(refusing) == len(bodies):
            why = f"The stated body does not serve other states ({ids(bodies)}); one outside the group could."
        else:
            why = f"Stated central purchasing body: {ids(bodies)}; whether for other states is not stated."
            settle.append("whether the body may serve buyers of other states")
    return Form("cpb", "central purchasing body", basis, opens, _why(group, "cpb", why), tuple(settle))


def _joint_award(group: _Group) -> Form:
    settle = (
        "responsibilities",
        "applicable national provisions",
        "internal organisation",
        "reference to the allocation in the procurement documents",
    )
    opens: bool | None
    if group.abroad is False:
        opens, why = False, f"All members are of {group.countries[0]}; see occasional joint procurement."
    else:
        opens, why = _between_states(group)
    return Form(
        "joint_award",
        "joint award",
        group.basis("Art. 39(4)"),
        opens,
        _why(group, "joint_award", why),
        settle,
    )


def _entity(group: _Group) -> Form:
    settle = ("the law of the registered office, or of the state of activity", "who founds the entity")
    opens: bool | None
    if group.abroad is False:
        opens, why = False, f"All members are of {group.countries[0]}."
    else:
        opens, why = _between_states(group)
    basis = group.basis("Art. 39(5)")
    return Form(
        "entity", "joint entity (EGTC, for instance)", basis, opens, _why(group, "entity", why), settle
    )


def _between_states(group: _Group) -> tuple[bool | None, str]:
    if group.doubts:
        return None, f"Between {', '.join(group.countries) or 'states'}, to be checked: {group.doubts}."
    return (
        True,
        f"The members are of {', '.join(group.countries)}, all under {_told(group.regimes)}.",
    )


def _executive(group: _Group) -> Form:
    special = {DEFENCE, NO_THRESHOLD}
    settle = ("the lead nation or agent (OCCAR, NSPA, EDA)", "the agreement with it")
    opens: bool | None
    if group.no_regime:
        opens, why = None, f"Used in defence; regime not stated by {ids(group.no_regime)}."
    elif group.regimes == {DEFENCE}:
        opens, why = True, f"All members are under {DEFENCE}."
    elif group.regimes & special:
        opens, why = None, f"Regimes stated: {_told(group.regimes)}."
    else:
        opens, why = False, "Used in defence; no member states a defence regime."
    title = "executive entity or lead nation"
    return Form("executive", title, "practice in defence", opens, _why(group, "executive", why), settle)


def _told(regimes: Iterable[str]) -> str:
    return ", ".join(map(under, sorted(regimes)))


def _but(doubts: str) -> str:
    return f"; to be checked: {doubts}" if doubts else ""


def _why(group: _Group, name: FormName, why: str) -> str:
    """The reason, who wishes for the form, and to ask a lawyer."""
    wishing = [need for need in group.members if name in _wished(need)]
    wish = f" Wished for by {ids(wishing)}." if wishing else ""
    return f"{why}{wish} {ASK}"


def _wished(need: Need) -> set[str]:
    stated = need.extra.get("forms")
    return set(stated.casefold().replace(";", " ").replace(",", " ").split()) if stated else set()
