"""The forms of cooperation that could be open to some buyers, and the law that is to be agreed.

What follows from what the members state, with the article it rests on. Not legal advice: every sentence
leaves the answer to a lawyer, and what is not stated leaves a form undecided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from matcher.joint.flags import Answer, answer
from matcher.joint.thresholds import NO_THRESHOLD, regime
from matcher.joint.totals import organisation
from matcher.joint.words import ids, under
from matcher.phrases import Phrase, joined, phrase
from matcher.records import EU_COUNTRIES, Need

FormName = Literal["coordinated", "occasional", "cpb", "joint_award", "entity", "executive"]

ASK = phrase("Ask a lawyer.")
DEFENCE = "2009/81"
UTILITIES = "2014/25"
CLASSIC = "2014/24"
AVOIDANCE = phrase(
    "Art. 39(1) 2014/24/EU: cross-border means may not be used to avoid mandatory public-law provisions of "
    "one's own state; keep it in mind when a lead country is chosen."
)
REVIEW = phrase("Review body: to be settled; which courts review the award is not guessed here.")
LATECOMERS = phrase(
    "C-216/17: a framework serves only authorities that are identified, with quantities that can be "
    "determined; latecomers cannot be added afterwards, so name all potential users before any notice."
)
MAXIMUM = phrase(
    "C-23/20: the notice or the specifications state an estimated and a maximum quantity or value."
)


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
    def doubts(self) -> Phrase:
        """Why the rules of the directives may not apply to all, or cannot be told to; empty where they do."""
        outside = [country for country in self.countries if country not in EU_COUNTRIES]
        odd = sorted(self.regimes - {CLASSIC, UTILITIES})
        parts = [
            *([phrase("regime not stated by {needs}", needs=ids(self.no_regime))] if self.no_regime else []),
            *(
                [phrase("country not stated by {needs}", needs=ids(self.no_country))]
                if self.no_country
                else []
            ),
            *(
                [phrase("regimes stated: {regimes}", regimes=_told(self.regimes))]
                if odd or len(self.regimes) > 1
                else []
            ),
            *([phrase("not a member state: {countries}", countries=ids(outside))] if outside else []),
        ]
        return joined(parts, "; ")

    @property
    def doubts_at_home(self) -> Phrase:
        """The same for rules within one state, which are those of 2014/24."""
        utilities = self.regimes == {UTILITIES}
        stated = phrase("regime stated: {regime}", regime=UTILITIES) if utilities else ""
        return joined((self.doubts, stated), "; ")

    def basis(self, article: Phrase) -> Phrase:
        """An article of 2014/24, or its twin where all are under the directive for utilities."""
        return phrase("Art. 57 2014/25/EU") if self.regimes == {UTILITIES} else article


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
        basis, country = phrase("Art. 37 and 38 2014/24/EU"), group.countries[0]
        sentence = phrase("Applicable law: to be agreed; all members are of {country}.", country=country)
    else:
        basis, country = phrase("Art. 39 2014/24/EU"), None
        sentence = phrase(
            "Applicable law: to be agreed. With a central purchasing body of another state, the law of its "
            "state applies (Art. 39(3)); in a joint award, the agreement fixes the national provisions that "
            "apply (Art. 39(4))."
        )
    warnings = [AVOIDANCE, REVIEW, LATECOMERS, MAXIMUM]
    if len(group.regimes) > 1:
        told = _told(group.regimes)
        warnings.append(phrase("Several regimes are stated ({regimes}): they need advice.", regimes=told))
    if NO_THRESHOLD in group.regimes:
        warnings.append(phrase("A member states an exemption under Art. 346 TFEU: legal review first."))
    return Law(basis, country, "to_be_agreed", joined((sentence, ASK)), (*warnings, ASK))


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
    why = phrase("Each runs its own procedure with a common specification: the least effort.")
    return Form(
        "coordinated",
        phrase("coordinated procurement"),
        phrase("recital 71 2014/24/EU"),
        True,
        _why(group, "coordinated", why),
        (phrase("the common technical specification"), phrase("who keeps it")),
    )


def _occasional(group: _Group) -> Form:
    settle = (
        phrase("which parts are done jointly"),
        phrase("who acts for all"),
        phrase("responsibility for each part"),
    )
    opens: bool | None
    if group.abroad is False:
        opens = None if group.doubts_at_home else True
        why = _of_one_state(group)
    else:
        opens = None
        at_home = [
            country
            for country in group.countries
            if len({organisation(need) or need.id for need in group.members if need.country == country}) > 1
        ]
        why = phrase("Between states, the means of Art. 39 are to be looked at first.")
        if at_home:
            several = phrase(
                "Several members are of {countries}: among them it could serve.", countries=ids(at_home)
            )
            why = joined((why, several))
    title, basis = phrase("occasional joint procurement"), phrase("Art. 38 2014/24/EU")
    return Form("occasional", title, basis, opens, _why(group, "occasional", why), settle)


def _of_one_state(group: _Group) -> Phrase:
    country, doubts = group.countries[0], group.doubts_at_home
    if doubts:
        return phrase(
            "All members are of {country}; to be checked: {doubts}.", country=country, doubts=doubts
        )
    return phrase("All members are of {country}.", country=country)


def _cpb(group: _Group) -> Form:
    bodies = [need for need in group.members if answer(need, "is_cpb") is Answer.YES]
    basis = phrase("Art. 37 2014/24/EU")
    if group.abroad is not False:
        basis = group.basis(phrase("Art. 39(2)-(3) 2014/24/EU"))
    settle = [phrase("who runs call-offs and mini-competitions")]
    if group.abroad is not False:
        settle.append(phrase("the law of the body's state, which applies"))
    opens: bool | None = None
    if not bodies:
        why = phrase(
            "No member says that it is a central purchasing body; one outside the group could serve."
        )
    elif group.abroad is False:
        opens = None if group.doubts_at_home else True
        why = _body_at_home(bodies, group.doubts_at_home)
    else:
        serving = [need for need in bodies if answer(need, "cpb_serves_foreign") is Answer.YES]
        refusing = [need for need in bodies if answer(need, "cpb_serves_foreign") is Answer.NO]
        if serving:
            opens = None if group.doubts else True
            why = _body_abroad(serving, group.doubts)
        elif len(refusing) == len(bodies):
            why = phrase(
                "The stated body does not serve other states ({needs}); one outside the group could.",
                needs=ids(bodies),
            )
        else:
            why = phrase(
                "Stated central purchasing body: {needs}; whether for other states is not stated.",
                needs=ids(bodies),
            )
            settle.append(phrase("whether the body may serve buyers of other states"))
    title = phrase("central purchasing body")
    return Form("cpb", title, basis, opens, _why(group, "cpb", why), tuple(settle))


def _body_at_home(bodies: Sequence[Need], doubts: Phrase) -> Phrase:
    if doubts:
        return phrase(
            "Stated central purchasing body: {needs}; to be checked: {doubts}.",
            needs=ids(bodies),
            doubts=doubts,
        )
    return phrase("Stated central purchasing body: {needs}.", needs=ids(bodies))


def _body_abroad(serving: Sequence[Need], doubts: Phrase) -> Phrase:
    if doubts:
        return phrase(
            "Stated central purchasing body for other states too: {needs}; to be checked: {doubts}.",
            needs=ids(serving),
            doubts=doubts,
        )
    return phrase("Stated central purchasing body for other states too: {needs}.", needs=ids(serving))


def _joint_award(group: _Group) -> Form:
    settle = (
        phrase("responsibilities"),
        phrase("applicable national provisions"),
        phrase("internal organisation"),
        phrase("reference to the allocation in the procurement documents"),
    )
    opens: bool | None
    if group.abroad is False:
        opens = False
        why = phrase(
            "All members are of {country}; see occasional joint procurement.", country=group.countries[0]
        )
    else:
        opens, why = _between_states(group)
    return Form(
        "joint_award",
        phrase("joint award"),
        group.basis(phrase("Art. 39(4) 2014/24/EU")),
        opens,
        _why(group, "joint_award", why),
        settle,
    )


def _entity(group: _Group) -> Form:
    settle = (
        phrase("the law of the registered office, or of the state of activity"),
        phrase("who founds the entity"),
    )
    opens: bool | None
    if group.abroad is False:
        opens, why = False, phrase("All members are of {country}.", country=group.countries[0])
    else:
        opens, why = _between_states(group)
    title, basis = phrase("joint entity (EGTC, for instance)"), group.basis(phrase("Art. 39(5) 2014/24/EU"))
    return Form("entity", title, basis, opens, _why(group, "entity", why), settle)


def _between_states(group: _Group) -> tuple[bool | None, Phrase]:
    countries = ids(group.countries)
    if group.doubts and not countries:
        return None, phrase("Between states, to be checked: {doubts}.", doubts=group.doubts)
    if group.doubts:
        return None, phrase(
            "Between {countries}, to be checked: {doubts}.", countries=countries, doubts=group.doubts
        )
    return True, phrase(
        "The members are of {countries}, all under {regimes}.",
        countries=countries,
        regimes=_told(group.regimes),
    )


def _executive(group: _Group) -> Form:
    special = {DEFENCE, NO_THRESHOLD}
    settle = (phrase("the lead nation or agent (OCCAR, NSPA, EDA)"), phrase("the agreement with it"))
    opens: bool | None
    if group.no_regime:
        opens = None
        why = phrase("Used in defence; regime not stated by {needs}.", needs=ids(group.no_regime))
    elif group.regimes == {DEFENCE}:
        opens, why = True, phrase("All members are under {regime}.", regime=DEFENCE)
    elif group.regimes & special:
        opens, why = None, phrase("Regimes stated: {regimes}.", regimes=_told(group.regimes))
    else:
        opens, why = False, phrase("Used in defence; no member states a defence regime.")
    title, basis = phrase("executive entity or lead nation"), phrase("practice in defence")
    return Form("executive", title, basis, opens, _why(group, "executive", why), settle)


def _told(regimes: Iterable[str]) -> Phrase:
    return joined(map(under, sorted(regimes)), ", ")


def _why(group: _Group, name: FormName, why: Phrase) -> Phrase:
    """The reason, who wishes for the form, and to ask a lawyer."""
    wishing = [need for need in group.members if name in _wished(need)]
    wish = phrase("Wished for by {needs}.", needs=ids(wishing)) if wishing else ""
    return joined((why, wish, ASK))


def _wished(need: Need) -> set[str]:
    stated = need.extra.get("forms")
    return set(stated.casefold().replace(";", " ").replace(",", " ").split()) if stated else set()
