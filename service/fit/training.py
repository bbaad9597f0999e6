"""`needmatch models train`: the recipe of the tuned model, from its data to the file that ships.

Trained on the tuning set (`corpora.tuning`) and, where a folder of public notices is given, on its fold
`train`: official translations, titles with descriptions, CPV labels across languages and with the notices
that carry them. Nothing that a model is measured on is learned from: neither the sample corpus nor a fold
`test`, nor the held-out themes of the tuning set, on which the outcome is told.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from corpora.campaign import rows
from corpora.tuning import load as load_tuning
from matcher.errors import FileUnreadable, SettingInvalid
from matcher.records import EU_LANGUAGES
from models import delta
from models.converter import converted
from models.delta import Delta
from models.late import POOLED
from models.registry import BASE, ENTRIES
from models.training.batches import Mixture
from models.training.network import Network
from models.training.packing import packed
from models.training.sources import Answers, Block, Likes, Pairs
from models.training.trainer import Progress, Recipe, train
from service.fit.heldout import held_out
from service.report.tables import table
from service.settings import Settings

Say = Callable[[str], None]
SHARES = {
    "answers": 0.48,
    "likes": 0.16,
    "translations": 0.10,
    "titles": 0.08,
    "labels": 0.08,
    "subjects": 0.10,
}
"""How often each source is drawn; those that are not there leave their share to the others."""
LABEL_PAIRS = 20_000
SUBJECT_LANGUAGES = 4
"""Languages in which the label of a notice's code is shown."""
SHORT = 40
"""Characters below which a text is too little to learn from."""


def train_model(
    settings: Settings,
    folder: Path | None,
    work: Path,
    out: Path,
    recipe: Recipe,
    *,
    start: Path | None = None,
    stop_at: int | None = None,
    report: Callable[[Progress], None] | None = None,
    say: Say | None = None,
) -> dict[str, Any]:
    """Train, pack what changed into `out`, and return what its card says of data, recipe and outcome.

    `work` holds the checkpoints: the same call again goes on where it stopped. `start` is what an earlier
    training made, whose weights this one begins with: its delta, or its folder of checkpoints. `stop_at`
    ends it before its recipe does.
    """
    tell = say or (lambda _: None)
    tell("Reading training data")
    network, mixture = prepared(settings, folder, recipe, start)
    origin = _origin(start, network)
    tell("Training")
    train(network, mixture, recipe, work, report=report, stop_at=stop_at)
    tell("Ranking what was held out")
    facts = {
        "base": BASE,
        "date": date.today().isoformat(),
        "recipe": asdict(recipe),
        "steps_made": recipe.steps if stop_at is None else min(stop_at, recipe.steps),
        "started_from": origin,
        "data": describe(mixture.sources),
        "late_dimension": network.head.projection.out_features,
        "held_out": held_out(network, recipe.prefix).means(),
    }
    tell("Packing what changed")
    delta.save(packed(network, _base(settings), recipe.prefix, facts), out)
    return facts


def prepared(
    settings: Settings, folder: Path | None, recipe: Recipe, start: Path | None = None
) -> tuple[Network, Mixture]:
    """A network that is ready to learn, and the batches it will see."""
    sources = sources_of(folder)
    network = Network(_base(settings), recipe.scope)
    if start is not None and start.is_dir():
        network.begin_from(start)
        return network, Mixture(sources, recipe.shares, recipe.seed)
    if start is not None:
        network.begin_with(_earlier(start, network))
    texts = [text for source in sources for text in source.examples(40)]
    network.start_head(texts, recipe.prefix, recipe.max_tokens)
    return network, Mixture(sources, recipe.shares, recipe.seed)


def _earlier(path: Path, network: Network) -> Delta:
    """What an earlier training changed. Raises `FileUnreadable`."""
    try:
        return delta.load(path.read_bytes(), path.name, network.shapes())
    except OSError as error:
        raise FileUnreadable(
            f"{path} cannot be read ({error}): a delta, or a folder of checkpoints."
        ) from error


def _origin(start: Path | None, network: Network) -> dict[str, Any] | None:
    """What the earlier training was, as far as it tells."""
    if start is None or start.is_dir():
        return None if start is None else {"checkpoints": start.name}
    about = _earlier(start, network).about
    return {"date": about["date"], "steps": about["recipe"]["steps"], "themes": about["data"]["themes"]}


def _base(settings: Settings) -> Path:
    folder = converted(ENTRIES[BASE], settings.cache).folder
    assert folder is not None
    return folder


def shares_of(given: Sequence[str]) -> dict[str, float]:
    """Shares from `source=share`. Raises `SettingInvalid`.

    >>> shares_of(["answers=0.5"])
    {'answers': 0.5}
    """
    shares: dict[str, float] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            shares[name] = float(value)
        except ValueError:
            reason = f"--share takes source=share with a source of {', '.join(SHARES)}; got {text!r}."
            raise SettingInvalid(reason) from None
        if name not in SHARES or not 0 <= shares[name] <= 1:
            raise SettingInvalid(f"--share {text!r}: a source of {', '.join(SHARES)}, a share from 0 to 1.")
    return shares


def sources_of(folder: Path | None) -> list[Any]:
    """All sources of batches there are."""
    blocks = tuning_blocks()
    found: list[Any] = [Answers(blocks, 7, 640), Likes(blocks, 5, 640)]
    if folder is not None:
        found.append(Pairs("translations", _translations(folder), 40, 300))
        found.append(Pairs("titles", _titles(folder), 40, 300))
        if (folder / "cpv24.tsv").is_file():
            labels = _label_table(folder / "cpv24.tsv")
            found.append(Pairs("labels", _labels(labels), 96, 450))
            found.append(Pairs("subjects", _subjects(folder, labels), 48, 450))
    return found


def card(about: Mapping[str, Any], size: int, figures: Mapping[str, Any]) -> str:
    """The model card: what it is, what it learned from and how, and what it reached where it was fitted."""
    recipe, data = about["recipe"], about["data"]
    shares = ", ".join(f"{name} {share:g}" for name, share in recipe["shares"].items())
    lines = [
        "# needmatch-e5-small",
        "",
        f"Made by `needmatch models train` on {about['date']}: what training changed in `{about['base']}`,",
        f"kept in 4 bits ({size / 1e6:.1f} MB), with a late head of {about['late_dimension']} dimensions",
        f"for each {POOLED} neighbouring tokens. It reads both sides of a search after",
        f"`{recipe['prefix'].strip()}`.",
        "",
        "## Data",
        "",
        "Our own tuning set (`corpora/tuning`, EUPL-1.2); official translations and titles of public notices",
        "(TED, European Union, reuse with source named; fold `train` only); CPV labels (CC BY 4.0).",
        "Nothing of the sample corpus, and nothing that is only for measuring, was read.",
        "",
        *table(["what", "count"], [[name, f"{count:,}"] for name, count in data.items()]),
        "",
        "## Recipe",
        "",
        "Contrastive, listwise over whole batches with the grades as gains; "
        f"{about['steps_made']} of {recipe['steps']} steps, batches",
        f"drawn by share ({shares}); AdamW, {recipe['learning_rate']:g} for the encoder,",
        f"{recipe['projection_rate']:g} for the projection of the head and {recipe['head_rate']:g} for its",
        "weights,",
        f"linear warm-up over {recipe['warm_up']:.0%} and linear decay; scope `{recipe['scope']}`, "
        "embeddings frozen;",
        f"{recipe['max_tokens']} tokens; {recipe['late_share']:.0%} of the loss late interaction; seed "
        f"{recipe['seed']}.",
        *_start_in_words(about["started_from"]),
        "",
        "## What it reached on themes held out from training",
        "",
        "nDCG@10 of needs to solutions, in full precision, without language offset, words or codes.",
        "",
        *table(["by", "nDCG@10"], [[name, f"{value:.3f}"] for name, value in about["held_out"].items()]),
        "",
        "## What it reached where it was fitted",
        "",
        "Weights, thresholds and calibrator were chosen on the sample's tuning half, the held-out themes and",
        "the fold `train` (on whose notices it was trained, so that this row flatters). What it reaches on",
        "unseen data stands in `docs/quality.md`.",
        "",
        *table(["nDCG@10", ""], [[name, f"{value:.3f}"] for name, value in figures["ndcg_10"].items()]),
        "",
        "## Limits",
        "",
        "Texts of the tuning set are invented and were not read by native speakers. Irish, Maltese and the",
        "Baltic and Finno-Ugric languages had least in pre-training. It suggests; it never decides.",
    ]
    return "\n".join(lines) + "\n"


def _start_in_words(earlier: Mapping[str, Any] | None) -> list[str]:
    """Which training this one went on from."""
    if not earlier:
        return []
    told = ", ".join(f"{name} {value}" for name, value in earlier.items())
    return [f"It went on from an earlier training ({told}) that was made by the same command."]


def tuning_blocks() -> list[Block]:
    """The tuning set as the trainer reads it: lookalike themes together."""
    tuning = load_tuning().part(held_out=False)
    blocks: list[Block] = []
    for name in sorted(set(tuning.blocks.values())):
        needs = {need.id: need.text for need in tuning.needs if tuning.blocks[need.id] == name}
        solutions = {s.id: s.text for s in tuning.solutions if tuning.blocks[s.id] == name}
        blocks.append(
            Block(
                needs,
                solutions,
                {s: tuple(text for _, text in tuning.questions.get(s, ())) for s in solutions},
                {need: tuning.qrels.get(need, {}) for need in needs},
                {need: tuning.groups[need] for need in needs},
                {
                    need.id: tuning.procedure["train"].get(need.language or "", ())
                    for need in tuning.needs
                    if need.id in needs
                },
            )
        )
    return blocks


def _translations(folder: Path) -> list[tuple[str, str, str]]:
    """Official translations of notices: text with text, and titles with the other side's text."""
    pairs: list[tuple[str, str, str]] = []
    for row in rows(folder / "crossling_pairs.jsonl"):
        if row["source"] != "TED" or row["fold"] != "train" or not row.get("language_ok", True):
            continue
        sides = [(row[f"title_{side}"], row[f"text_{side}"]) for side in "ab"]
        if min(len(text) for _, text in sides) > SHORT:
            pairs.append((sides[0][1], sides[1][1], row["notice"]))
        if row.get("title_translated"):
            pairs.append((sides[0][0], sides[1][0], row["notice"]))
            pairs += [(one[0], other[1], row["notice"]) for one, other in (sides, sides[::-1])]
    return pairs


def _titles(folder: Path) -> list[tuple[str, str, str]]:
    """Titles of notices with their descriptions."""
    pairs: list[tuple[str, str, str]] = []
    for row in rows(folder / "notices.jsonl"):
        title, description = row["title"].strip(), row["description"].strip()
        description = description.removeprefix(title).strip()
        if row["fold"] == "train" and len(title) > SHORT // 3 and len(description) > SHORT:
            pairs.append((title, description, row["family"]))
    return pairs


def _label_table(path: Path) -> list[dict[str, str]]:
    """CPV codes with their labels by language. Raises `FileUnreadable`."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))
    except (OSError, ValueError) as error:
        raise FileUnreadable(f"{path} cannot be read ({error}).") from error


def _spoken(table: Sequence[Mapping[str, str]]) -> list[str]:
    """The languages of the labels; the Irish column is English and left out."""
    return [language for language in EU_LANGUAGES if language in table[0] and language != "ga"]


def _labels(table: Sequence[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """CPV labels, one to three at a time, in two languages."""
    languages = _spoken(table)
    rng = np.random.default_rng(3)
    pairs: list[tuple[str, str, str]] = []
    for number in range(LABEL_PAIRS):
        chosen = rng.choice(len(table), size=int(rng.choice([1, 1, 1, 2, 3])), replace=False).tolist()
        one, other = rng.choice(languages, size=2, replace=False).tolist()
        sides = [", ".join(table[at][language] for at in chosen) for language in (one, other)]
        pairs.append((sides[0], sides[1], str(number)))
    return pairs


def _subjects(folder: Path, table: Sequence[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """Notices with the label of their main CPV code, in some language; of a code, one a batch."""
    labels = {row["code"][:8]: row for row in table}
    languages = _spoken(table)
    rng = np.random.default_rng(4)
    pairs: list[tuple[str, str, str]] = []
    for row in rows(folder / "notices.jsonl"):
        code, text = str(row.get("cpv_main") or "")[:8], f"{row['title']}\n{row['description']}".strip()
        if row["fold"] == "train" and code in labels and len(text) > SHORT:
            for language in rng.choice(
                languages, size=min(SUBJECT_LANGUAGES, len(languages)), replace=False
            ).tolist():
                pairs.append((text, labels[code][language], code))
    return pairs


def describe(sources: Sequence[Any]) -> dict[str, int]:
    """How much each source holds, for the card."""
    tuning = load_tuning().part(held_out=False)
    facts = {source.name: len(source.pairs) for source in sources if isinstance(source, Pairs)}
    return {
        "needs": len(tuning.needs),
        "solutions": len(tuning.solutions),
        "questions": sum(len(asked) for asked in tuning.questions.values()),
        "themes": len(set(tuning.themes.values())),
        "sentences about procedure": sum(map(len, tuning.procedure["train"].values())),
        "languages": len({r.language for r in tuning.needs} | {r.language for r in tuning.solutions}),
        **facts,
    }
