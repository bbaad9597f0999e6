"""The sample corpus is what its card says: whole, varied, free of templates, and not too easy."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise
from typing import Any

import pytest

from corpora import Report, load_sample, read_records
from corpora.sample import FOLDER, Sample
from corpora.taxonomy.cpv import CpvTable
from matcher.records import EU_COUNTRIES, EU_LANGUAGES, Kind, Need, Record
from matcher.text.language import detect

SHARED_5_GRAMS = 0.05
"""Most that two texts of a language may share, of the shorter one's word 5-grams."""
REPEATED_IN = 3
"""An 8-gram in so many texts of a language is a template."""
LENGTHS = {"least": (20, 30), "median": (80, 140), "most": (150, 260)}
"""Words of a text: least, middle and most, each with its range."""
CEILING = 0.80
"""nDCG@10 of a single leg; above it the sample would be too easy to measure anything."""
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->"


@pytest.fixture(scope="module")
def sample() -> Sample:
    """The whole sample."""
    return load_sample()


def records(sample: Sample) -> list[Record]:
    """Needs, then solutions."""
    return [*sample.needs, *sample.solutions]


def rows(name: str) -> list[dict[str, Any]]:
    """A file of the sample as it is written."""
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def grouped(sample: Sample) -> list[list[Need]]:
    """The needs of each group."""
    members: dict[str, list[Need]] = defaultdict(list)
    for need in sample.needs:
        members[sample.groups[need.id]].append(need)
    return list(members.values())


def grades(sample: Sample) -> Iterator[tuple[str, str, int]]:
    """All judgements: need, solution, grade."""
    return ((q, d, grade) for q, judged in sample.qrels.items() for d, grade in judged.items())


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    """Runs of `n` words, without case and punctuation."""
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


# -- whole ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_every_row_is_read_without_a_finding(kind):
    """Readers have nothing to say about a shipped row."""
    report = Report()
    kept = list(read_records(FOLDER / f"{kind}s.jsonl", kind, report=report))
    assert kept
    assert len(kept) == report.rows
    assert not report.issues


def test_all_languages_and_countries_are_there(sample):
    """Needs cover 24 languages with six texts or more each, and 27 countries; solutions cover them too."""
    languages = Counter(need.language for need in sample.needs)
    assert set(languages) == set(EU_LANGUAGES)
    assert min(languages.values()) >= 6
    assert {need.country for need in sample.needs} == set(EU_COUNTRIES)
    assert {solution.language for solution in sample.solutions} == set(EU_LANGUAGES)
    assert {solution.country for solution in sample.solutions} == set(EU_COUNTRIES)


def test_ids_are_unique_and_say_nothing(sample):
    """An id is a letter and a number, given in no order of themes."""
    ids = [record.id for record in records(sample)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[NS]\d{3}", record_id) for record_id in ids)
    neighbours = sum(sample.themes[a] == sample.themes[b] for a, b in pairwise(ids))
    assert neighbours < 0.15 * len(ids)


def test_judgements_name_known_records(sample):
    """Judgements go from needs to solutions, with grades 1 to 3."""
    needs, solutions = ({r.id for r in side} for side in (sample.needs, sample.solutions))
    assert all(q in needs and d in solutions and grade in {1, 2, 3} for q, d, grade in grades(sample))


def test_answers_are_of_the_need_s_theme(sample):
    """Grades 2 and 3 stay inside a theme; outside there is only `related`."""
    strays = [(q, d) for q, d, g in grades(sample) if g > 1 and sample.themes[q] != sample.themes[d]]
    assert strays == []


def test_groups_cover_every_need_once(sample):
    """Every need has a group; groups of several have up to four, one theme and two countries or more."""
    assert set(sample.groups) == {need.id for need in sample.needs}
    for members in grouped(sample):
        assert len(members) <= 4
        assert len({sample.themes[need.id] for need in members}) == 1
        if len(members) > 1:
            assert len({need.country for need in members}) > 1


def test_splits_cover_every_record(sample):
    """Every record has a theme and a split; both halves have as many needs."""
    ids = {record.id for record in records(sample)}
    assert set(sample.splits) == set(sample.themes) == ids
    assert Counter(sample.splits[need.id] for need in sample.needs) == {"tune": 80, "test": 80}


def test_a_theme_and_its_neighbour_never_straddle_the_split(sample):
    """A theme is in one half, with the one theme that judgements link it to."""
    halves: dict[str, set[str]] = defaultdict(set)
    for record, theme in sample.themes.items():
        halves[theme].add(sample.splits[record])
    assert {len(half) for half in halves.values()} == {1}
    neighbours: dict[str, set[str]] = defaultdict(set)
    for q, d, _ in grades(sample):
        if sample.themes[q] != sample.themes[d]:
            neighbours[sample.themes[q]].add(sample.themes[d])
            neighbours[sample.themes[d]].add(sample.themes[q])
    assert neighbours
    for theme, others in neighbours.items():
        assert len(others) == 1
        assert all(halves[other] == halves[theme] for other in others)


def test_a_part_keeps_its_needs_and_all_solutions(sample):
    """The needs of one split come with their judgements and groups, and with every solution."""
    tune, test = sample.part("tune"), sample.part("test")
    assert {n.id for n in tune.needs} | {n.id for n in test.needs} == {n.id for n in sample.needs}
    assert not {n.id for n in tune.needs} & {n.id for n in test.needs}
    for part in (tune, test):
        ids = {need.id for need in part.needs}
        assert part.solutions == sample.solutions
        assert set(part.qrels) <= ids == set(part.groups)
    assert set(tune.groups.values()).isdisjoint(test.groups.values())
    assert len(tune.qrels) + len(test.qrels) == len(sample.qrels)


# -- varied -----------------------------------------------------------------------------------


def test_texts_are_short_and_long(sample):
    """Lengths in words spread from a note to a page."""
    lengths = sorted(len(record.text.split()) for record in records(sample))
    found = {"least": lengths[0], "median": lengths[len(lengths) // 2], "most": lengths[-1]}
    for name, (low, high) in LENGTHS.items():
        assert low <= found[name] <= high, (name, found)
    tenth, ninth = (lengths[int(len(lengths) * q)] for q in (0.1, 0.9))
    assert ninth > 2.5 * tenth


def test_no_two_texts_share_their_wording(sample):
    """Of the word 5-grams of the shorter text, another of its language has few."""
    seen = [(r.id, r.language, grams(r.text, 5)) for r in records(sample)]
    shared = {
        (a, b): len(one & other) / min(len(one), len(other))
        for (a, language, one), (b, same, other) in combinations(seen, 2)
        if language == same and one and other
    }
    assert {pair: share for pair, share in shared.items() if share > SHARED_5_GRAMS} == {}


def test_no_template_runs_through_a_language(sample):
    """No eight words in a row stand in three texts of a language."""
    counts: dict[tuple[str | None, tuple[str, ...]], int] = Counter(
        (record.language, gram) for record in records(sample) for gram in grams(record.text, 8)
    )
    assert {gram: n for gram, n in counts.items() if n >= REPEATED_IN} == {}


def test_every_theme_is_in_several_languages(sample):
    """Four languages or more ask for a theme, so that none is a matter of one language."""
    languages: dict[str, set[str | None]] = defaultdict(set)
    for need in sample.needs:
        languages[sample.themes[need.id]].add(need.language)
    assert len(languages) == 32
    assert min(map(len, languages.values())) >= 4


def test_texts_are_in_the_language_they_declare(sample):
    """The detector agrees with at least 97 % of the records."""
    texts = records(sample)
    wrong = [r.id for r in texts if (found := detect(r.text)) is None or found.language != r.language]
    assert len(wrong) <= 0.03 * len(texts), wrong


@pytest.mark.parametrize("kind", list(Kind))
def test_standards_are_read_as_written(kind):
    """Nothing is lost between the field of a row and the record; each stands once."""
    kept = read_records(FOLDER / f"{kind}s.jsonl", kind, report=Report())
    for row, record in zip(rows(f"{kind}s.jsonl"), kept, strict=True):
        written = [part.strip() for part in row.get("standards", "").split(";") if part.strip()]
        assert list(record.standards) == written
        assert len(set(written)) == len(written)


def test_standards_mostly_stand_in_the_text_too(sample):
    """Most standards of a need are named by its text, to the letter; some stand in the field alone."""
    named = [standard in need.text for need in sample.needs for standard in need.standards]
    assert 0.5 < sum(named) / len(named) < 1


def test_cpv_codes_are_codes(sample):
    """Eight digits, in a division of the vocabulary; whether the right one is the sample's noise."""
    table = CpvTable.load()
    codes = [code for record in records(sample) for code in record.cpv]
    assert len(codes) > 250
    assert all(re.fullmatch(r"\d{8}", code) and table.division(code) for code in codes)


# -- the card ---------------------------------------------------------------------------------


def figures(sample: Sample) -> str:
    """The part of the card that the data decides."""
    judged = Counter(grade for _, _, grade in grades(sample))
    sizes = Counter(len(members) for members in grouped(sample))
    together = [members for members in grouped(sample) if len(members) > 1]
    one_tongue = sum(len({need.language for need in members}) < len(members) for members in together)
    unmet = sum(max(sample.qrels.get(need.id, {}).values(), default=0) < 2 for need in sample.needs)
    broad = sum(bool(n.cpv) and all(code.endswith("00000") for code in n.cpv) for n in sample.needs)
    abroad = [
        need.language != next(s.language for s in sample.solutions if s.id == solution)
        for need in sample.needs
        for solution, grade in sample.qrels.get(need.id, {}).items()
        if grade > 1
    ]
    lengths = {kind: sorted(len(r.text.split()) for r in records(sample) if r.kind is kind) for kind in Kind}
    facts = {
        "needs": len(sample.needs),
        "solutions": len(sample.solutions),
        "themes": len(set(sample.themes.values())),
        "judgements of grade 3, 2, 1": ", ".join(str(judged[grade]) for grade in (3, 2, 1)),
        "answers (grade 3 or 2) in another language than the need": f"{sum(abroad)} of {len(abroad)}",
        "needs without any answer (unmet)": unmet,
        "groups of 4, 3, 2 needs": ", ".join(str(sizes[size]) for size in (4, 3, 2)),
        "singles": sizes[1],
        "groups with two needs in one language": one_tongue,
        "needs in the tuning half, in the test half": ", ".join(
            str(len(sample.part(split).needs)) for split in ("tune", "test")
        ),
        "words of a need: least, median, most": _spread(lengths[Kind.NEED]),
        "words of a solution: least, median, most": _spread(lengths[Kind.SOLUTION]),
        "needs without CPV code": sum(not need.cpv for need in sample.needs),
        "needs with nothing finer than a division or group": broad,
        "needs without value": sum(need.value is None for need in sample.needs),
        "needs without procurement window": sum(need.window_start is None for need in sample.needs),
        "needs without buyer type": sum(not need.buyer_type for need in sample.needs),
        "needs with standards": sum(bool(need.standards) for need in sample.needs),
    }
    parts = ["| figure | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items()), ""]
    for name, codes in (("language", EU_LANGUAGES), ("country", EU_COUNTRIES)):
        parts += [f"| {name} | needs | solutions |", "|---|---|---|"]
        needs, solutions = (
            Counter(getattr(record, name) for record in side) for side in (sample.needs, sample.solutions)
        )
        parts += [f"| {code} | {needs[code]} | {solutions[code]} |" for code in codes]
        parts.append("")
    parts += ["| theme | half | needs | in groups of several | solutions |", "|---|---|---|---|---|"]
    parts += [_theme(sample, theme) for theme in sorted(set(sample.themes.values()))]
    return "\n".join(parts) + "\n"


def _spread(lengths: list[int]) -> str:
    return ", ".join(map(str, (lengths[0], lengths[len(lengths) // 2], lengths[-1])))


def _theme(sample: Sample, theme: str) -> str:
    needs = [need for need in sample.needs if sample.themes[need.id] == theme]
    sizes: Mapping[str, int] = Counter(sample.groups.values())
    several = sum(sizes[sample.groups[need.id]] > 1 for need in needs)
    solutions = sum(sample.themes[solution.id] == theme for solution in sample.solutions)
    return f"| {theme} | {sample.splits[needs[0].id]} | {len(needs)} | {several} | {solutions} |"


def test_the_card_says_what_the_data_is(sample):
    """Every figure of the card is the data's; a changed sample needs a changed card."""
    card = (FOLDER / "CARD.md").read_text(encoding="utf-8")
    assert card.count(BEGIN) == card.count(END) == 1
    assert card.partition(BEGIN)[2].partition(END)[0] == figures(sample)


def test_the_card_s_sentences_agree_with_its_figures(sample):
    """What the card states in words holds as well."""
    card = " ".join((FOLDER / "CARD.md").read_text(encoding="utf-8").split())
    together = sum(len(members) > 1 for members in grouped(sample))
    singles = len(grouped(sample)) - together
    for stated in (
        f"{len(sample.needs)} needs in 24 languages from 27 countries",
        f"{len(sample.solutions)} solutions",
        "32 themes in 16 lookalike pairs",
        f"{together} groups of 2 to 4 needs and {singles} singles",
    ):
        assert stated in card, stated


# -- not too easy -----------------------------------------------------------------------------


@pytest.mark.model
def test_no_single_leg_solves_it(sample):
    """BM25 alone and the plain dense leg stay below the ceiling, on either half."""
    from matcher.evaluate.ranking import mean
    from matcher.evaluate.trial import PLAIN, Trial, run
    from service.settings import Settings
    from service.wiring import open_embedder, tuning_of

    embedder = open_embedder(Settings(model="e5-small"))
    for split in ("tune", "test"):
        part = sample.part(split)
        trial = Trial(queries=part.needs, documents=part.solutions, qrels=part.qrels)
        result = run(trial, embedder, tuning_of(embedder.encoder))
        for system in ("BM25", PLAIN):
            assert 0.1 < mean(result.rankings[system])["ndcg_10"] < CEILING, (split, system)
