"""The analyses of the market as pages show them: what each asks, can be divided by, and does not say."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from matcher.phrases import Phrase, phrase

DIVIDED: Mapping[str, Phrase] = MappingProxyType(
    {
        "country": phrase("Country"),
        "area": phrase("Security area"),
        "function": phrase("Function"),
        "regime": phrase("Procurement regime"),
        "buyer_type": phrase("Type of buyer"),
        "nature": phrase("Nature of the purchase"),
        "year": phrase("Year of planned start"),
        "maturity": phrase("Maturity asked for"),
    }
)
"""What needs can be divided by. By organisation each cell would be of one, and withheld."""
PROFILED = ("area", "function", "year", "maturity", "regime", "nature", "buyer_type")


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis, in words."""

    name: str
    title: Phrase
    question: Phrase
    columns: tuple[str, ...]
    """Of its table, after what it is divided by."""
    reading: tuple[Phrase, ...]
    silent: tuple[Phrase, ...]
    """What it does not say."""
    by: tuple[str, ...] = ()
    """What it may be divided by."""
    usual: tuple[str, ...] = ()
    """What it is divided by unless something else is chosen."""
    whole: bool = False
    """Whether it may be left undivided."""


WITHHELD = phrase("A withheld cell is not zero: it has too few organisations behind it to be shown.")
ALIKE = phrase("How alike two needs are is a suggestion of the matching, not a statement of their owners.")
ADEQUATE = phrase("Whether a solution is adequate is a suggestion of the matching; nobody assessed an offer.")
ONLY_KNOWN = phrase("It knows only the needs and solutions that are registered here.")
VALUES = phrase("Values are those that needs state; where none is stated, none is added.")

ANALYSES: Mapping[str, Analysis] = MappingProxyType(
    {
        one.name: one
        for one in (
            Analysis(
                "environment",
                phrase("Procurement environment"),
                phrase("Who asks for what, where, and under which rules?"),
                ("needs", "organisations", "value_eur", "value_stated"),
                (phrase("The darker a cell, the more needs are in it."), WITHHELD, VALUES),
                (ONLY_KNOWN, phrase("A country with few needs here may well buy a lot elsewhere.")),
                by=tuple(DIVIDED),
                usual=("area", "regime"),
            ),
            Analysis(
                "country-map",
                phrase("Map of needs"),
                phrase("How many needs does each country register, and of what stated value?"),
                ("country", "needs", "organisations", "value_eur", "value_stated"),
                (
                    phrase("Each country is one tile of equal size, so small countries can be read too."),
                    WITHHELD,
                    VALUES,
                ),
                (ONLY_KNOWN, phrase("It does not compare countries by size, population or budget.")),
            ),
            Analysis(
                "trends",
                phrase("Needs over time"),
                phrase("When are purchases planned to start?"),
                ("quarter", "needs", "low", "high", "organisations", "value_eur"),
                (
                    phrase("Each point is a quarter. From and to bound what chance alone explains."),
                    WITHHELD,
                ),
                (
                    phrase("Later quarters are low because their needs are not registered yet."),
                    phrase("It is no forecast."),
                ),
                by=("area", "country", "function", "regime", "nature", "buyer_type"),
                whole=True,
            ),
            Analysis(
                "cpv-drift",
                phrase("Shifts between CPV branches"),
                phrase("Which kinds of purchase become more common, and which less?"),
                ("branch", "before", "after", "share_before", "share_after", "change", "low", "high"),
                (
                    phrase("The dot is the change of the share; the bar is how far chance could move it."),
                    phrase("A bar that crosses zero may be no change at all."),
                ),
                (phrase("CPV codes are often wrong, so small shifts may be shifts of coding."), ONLY_KNOWN),
            ),
            Analysis(
                "supply-and-demand",
                phrase("Supply and demand"),
                phrase("Where is there demand with few suppliers, or with none?"),
                (
                    "area",
                    "country",
                    "needs",
                    "organisations",
                    "value_eur",
                    "matched",
                    "suppliers",
                    "domestic_suppliers",
                    "suppliers_per_need",
                ),
                (
                    phrase("Each point is an area in a country, with its needs and its suppliers."),
                    phrase("Points low and to the right have much demand and few suppliers."),
                    WITHHELD,
                ),
                (ADEQUATE, phrase("A supplier that is not registered here does not count, and may exist.")),
            ),
            Analysis(
                "unmet-clusters",
                phrase("Groups of needs without adequate supply"),
                phrase("What do several authorities ask for that the catalogue hardly answers?"),
                (
                    "rank",
                    "id",
                    "country",
                    "needs",
                    "value_eur",
                    "adequate",
                    "suppliers",
                    "state",
                    "hint_sentence",
                ),
                (
                    phrase(
                        "Each point is a group of needs; far left and high is worth most and served least."
                    ),
                    phrase("Groups that state no value are in the table only."),
                    phrase("The order weighs what is left open, the countries and the value."),
                ),
                (ADEQUATE, ALIKE, phrase("A hint on how to buy is where to begin thinking, not advice.")),
            ),
            Analysis(
                "unmet-needs",
                phrase("Needs without adequate supply"),
                phrase("Which single needs does the catalogue hardly answer?"),
                ("rank", "title", "country", "value_eur", "adequate", "suppliers", "state", "hint_sentence"),
                (phrase("The order weighs what is left open and the value."),),
                (ADEQUATE, ONLY_KNOWN),
            ),
            Analysis(
                "concentration",
                phrase("Supplier concentration"),
                phrase("On how few suppliers does matched demand rest?"),
                (
                    "matched",
                    "suppliers",
                    "hhi",
                    "effective_suppliers",
                    "largest_share",
                    "sme_share_min",
                    "sme_share_max",
                ),
                (
                    phrase("The index (HHI) is 1 with a single supplier and falls with more of them."),
                    phrase("So many suppliers of equal size would give the same index."),
                    WITHHELD,
                ),
                (ADEQUATE, phrase("Shares are of matched demand, not of sales; no supplier is named.")),
                by=("area", "function", "country", "regime", "nature", "year", "maturity"),
                usual=("area",),
            ),
            Analysis(
                "import-dependence",
                phrase("Where supply comes from"),
                phrase("Is there adequate supply at home, elsewhere in the EU, or only outside it?"),
                ("country", "origin", "needs", "share", "organisations", "value_eur"),
                (
                    phrase("Each bar is a country's needs, by where the nearest adequate supply is from."),
                    phrase("Countries are left out where a part of them has fewer than three organisations."),
                ),
                (
                    ADEQUATE,
                    phrase("The origin is the country that a supplier states, not where goods are made."),
                ),
            ),
            Analysis(
                "profiles",
                phrase("National profiles"),
                phrase("What does each country ask for, and what more than others?"),
                (
                    "needs",
                    "share",
                    "share_low",
                    "share_high",
                    "quotient",
                    "quotient_low",
                    "quotient_high",
                    "value_share",
                ),
                (
                    phrase("The darker a cell, the larger its share of the country's needs."),
                    phrase(
                        "A quotient of 2 is twice the usual share; if its interval holds 1, it may be usual."
                    ),
                    WITHHELD,
                ),
                (phrase("A profile is of needs registered here, not of budgets or priorities."),),
                by=PROFILED,
                usual=("area",),
            ),
            Analysis(
                "distances",
                phrase("Distance of profiles"),
                phrase("Which countries ask for a similar mix?"),
                ("country", "other", "rank", "distance", "low", "high", "chance", "beyond_chance"),
                (
                    phrase("0 is the same mix, 1 is nothing in common; the lighter a cell, the more alike."),
                    phrase("With few needs, chance alone sets profiles apart: see what it explains."),
                ),
                (phrase("Alike profiles are no sign that two countries could buy together."),),
                by=PROFILED,
                usual=("area",),
            ),
            Analysis(
                "cooperation",
                phrase("Needs in common"),
                phrase("Which countries have needs that are alike?"),
                ("country", "other_country", "links", "needs", "organisations"),
                (
                    phrase("A link joins two needs of different organisations that are likely one need."),
                    WITHHELD,
                ),
                (ALIKE, phrase("A link does not say that anybody cooperates, or wants to.")),
            ),
            Analysis(
                "joint-buying",
                phrase("Joint buying scenario"),
                phrase("What could change if each group of needs were bought together?"),
                (
                    "id",
                    "needs",
                    "organisations",
                    "value_eur",
                    "value_missing",
                    "specifications_avoided",
                    "suppliers_of_most",
                    "exceeds_together",
                    "scenario_eur",
                    "effort_hours",
                ),
                (
                    phrase("Every assumption is yours, set above. What is not set is not computed."),
                    VALUES,
                ),
                (
                    phrase("It is no forecast, and no saving is promised."),
                    phrase("Whether a threshold applies is a question of law: ask your legal adviser."),
                    ALIKE,
                ),
            ),
        )
    }
)
GROUPS: tuple[tuple[Phrase, tuple[str, ...]], ...] = (
    (phrase("What is asked for"), ("environment", "country-map", "trends", "cpv-drift")),
    (
        phrase("How well it is answered"),
        ("supply-and-demand", "unmet-clusters", "concentration", "import-dependence"),
    ),
    (phrase("Who is alike"), ("profiles", "distances", "cooperation")),
    (phrase("What if"), ("joint-buying",)),
)
"""What the overview shows. Single needs are one organisation's each, and so withheld: see groups."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a finding, as people read it."""

    words: Phrase
    form: str = "number"
    """text, number, decimal, percent, points (of percent), eur, yes, hours, id."""


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {name: Column(words, "text") for name, words in DIVIDED.items()}
    | {
        "group": Column(phrase("Group"), "text"),
        "other": Column(phrase("Compared with"), "text"),
        "other_country": Column(phrase("And"), "text"),
        "quarter": Column(phrase("Quarter"), "text"),
        "branch": Column(phrase("CPV branch"), "text"),
        "title": Column(phrase("Title"), "text"),
        "id": Column(phrase("Group of needs"), "id"),
        "origin": Column(phrase("Nearest adequate supply"), "text"),
        "state": Column(phrase("How well supplied"), "text"),
        "hint_sentence": Column(phrase("Hint"), "text"),
        "rank": Column(phrase("Rank")),
        "needs": Column(phrase("Needs")),
        "organisations": Column(phrase("Organisations")),
        "value_eur": Column(phrase("Stated value"), "eur"),
        "value_stated": Column(phrase("Needs that state a value")),
        "value_missing": Column(phrase("Needs without a value")),
        "matched": Column(phrase("Needs with adequate supply")),
        "suppliers": Column(phrase("Adequate suppliers")),
        "domestic_suppliers": Column(phrase("Of these at home")),
        "suppliers_per_need": Column(phrase("Suppliers a need"), "decimal"),
        "hhi": Column(phrase("Concentration (HHI)"), "decimal"),
        "effective_suppliers": Column(phrase("As of so many equal suppliers"), "decimal"),
        "largest_share": Column(phrase("Share of the largest"), "percent"),
        "sme_share_min": Column(phrase("Share of SMEs, at least"), "percent"),
        "sme_share_max": Column(phrase("Share of SMEs, at most"), "percent"),
        "share": Column(phrase("Share of the country's needs"), "percent"),
        "share_low": Column(phrase("Share from"), "percent"),
        "share_high": Column(phrase("Share to"), "percent"),
        "quotient": Column(phrase("Times the usual share"), "decimal"),
        "quotient_low": Column(phrase("Times from"), "decimal"),
        "quotient_high": Column(phrase("Times to"), "decimal"),
        "value_share": Column(phrase("Share of the stated value"), "percent"),
        "distance": Column(phrase("Distance"), "decimal"),
        "low": Column(phrase("From"), "decimal"),
        "high": Column(phrase("To"), "decimal"),
        "chance": Column(phrase("Chance explains up to"), "decimal"),
        "beyond_chance": Column(phrase("More than chance"), "yes"),
        "links": Column(phrase("Links of like needs")),
        "before": Column(phrase("Needs before")),
        "after": Column(phrase("Needs after")),
        "share_before": Column(phrase("Share before"), "percent"),
        "share_after": Column(phrase("Share after"), "percent"),
        "change": Column(phrase("Change in percentage points"), "points"),
        "adequate": Column(phrase("Adequate solutions")),
        "specifications_avoided": Column(phrase("Specifications shared")),
        "suppliers_of_most": Column(phrase("Suppliers for most of the group")),
        "exceeds_together": Column(phrase("Together above the threshold"), "yes"),
        "scenario_eur": Column(phrase("Value in the scenario"), "eur"),
        "effort_hours": Column(phrase("Hours saved in the scenario"), "hours"),
    }
)
"""Columns by their names in the interface."""
OWN_FORMS: Mapping[tuple[str, str], str] = {("cpv-drift", "low"): "points", ("cpv-drift", "high"): "points"}
"""Forms of columns that one analysis counts otherwise."""
PARAMETERS: Mapping[str, Phrase] = {
    "draws": phrase("Draws of the bootstrap"),
    "seed": phrase("Seed of the draws"),
    "least needs": phrase("Least needs of a country"),
    "adequate from": phrase("Adequate from a probability of"),
    "link from": phrase("Alike from a probability of"),
    "digits": phrase("Digits of a CPV branch"),
    "split": phrase("Before and after this day"),
    "threshold_eur": phrase("Threshold in euro, without VAT"),
    "threshold_basis": phrase("What the threshold is"),
    "elasticity": phrase("Elasticity of the unit price"),
    "specification_hours": phrase("Hours to write one specification"),
    "coordination_hours": phrase("Hours of coordination for each organisation"),
}
"""Numbers that were chosen, by what findings call them."""
VERSIONS: Mapping[str, Phrase] = {
    "model": phrase("Language model"),
    "offset": phrase("Language correction"),
    "calibrator": phrase("Calibration"),
    "grouping": phrase("Grouping of needs"),
    "joint score": phrase("Joint score"),
    "taxonomy": phrase("Taxonomy"),
}
"""What made the numbers, by what findings call it."""
