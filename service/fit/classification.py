"""Fitting and measuring CPV suggestions on public notices and the official labels."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from corpora.campaign import rows
from corpora.taxonomy.cpv import CpvTable
from corpora.tuning import load as load_tuning
from matcher.classify import Suggester, pooled, views
from matcher.divisions import SHARP, DivisionClassifier, known_shares, label_nearness
from matcher.embed import Embedder
from matcher.errors import FileUnreadable, SettingInvalid
from matcher.evaluate.reliability import Shown, reliability
from matcher.protocols import Float32, Int64
from matcher.records import EU_LANGUAGES, Need, Solution
from models import classifier
from service.report.tables import table
from service.settings import Settings
from service.wiring import Say, open_embedder

CHARACTERS = 1500
"""Read of a notice: the object stands at its beginning."""
LABELS = 3000
"""CPV labels that stand beside the notices, so that a division without notices is known as well."""
BESIDE = 0.3
"""What a label, or a record of our own, counts beside a notice."""
UNSEEN = -20.0
"""Linear score of a division that no text is of."""
STRENGTHS = (1.0, 3.0, 10.0, 30.0)
SHARPNESS = (5.0, 10.0, 15.0, 20.0, 30.0)
FOLDS = 5
SHOWN_FIGURES = {
    "division_top_1": "division at first place",
    "division_top_3": "division among the first three",
    "division_top_5": "division among the first five",
    "division_top_1_any_code": "division at first place is that of one of the buyer's codes",
    "class_in_top_5": "class (four digits) among the first five codes",
    "code_in_top_5": "code to the last digit among the first five",
    "ece": "expected calibration error of the first division",
    "brier": "Brier score of the same",
}


@dataclass(frozen=True, slots=True)
class Notices:
    """Notices with the codes that their buyers gave them."""

    texts: tuple[str, ...]
    languages: tuple[str | None, ...]
    main: tuple[str, ...]
    """Main code of each."""
    codes: tuple[frozenset[str], ...]
    families: tuple[str, ...]


def read_notices(path: Path, fold: str) -> Notices:
    """The notices of a fold that have a code and a text. Raises `FileUnreadable`."""
    kept = [
        row
        for row in rows(path)
        if row.get("fold") == fold and len(str(row.get("cpv_main") or "")) >= 8 and row.get("description")
    ]
    if not kept:
        raise FileUnreadable(
            f"{path} holds no notice of the fold {fold!r} with `cpv_main` and `description`."
        )
    return Notices(
        tuple(f"{row['title']}\n{row['description']}"[:CHARACTERS] for row in kept),
        tuple(row.get("language") for row in kept),
        tuple(str(row["cpv_main"])[:8] for row in kept),
        tuple(
            frozenset([str(row["cpv_main"])[:8], *(str(c)[:8] for c in row.get("cpv") or [])]) for row in kept
        ),
        tuple(str(row.get("family") or row["id"]) for row in kept),
    )


def fit_classifier(
    folder: Path, settings: Settings, say: Say | None = None
) -> tuple[DivisionClassifier, dict[str, float]]:
    """A classifier from notices of the fold `train`, our tuning set and, if there, labels of `cpv24.tsv`.

    Regularisation, what each sight counts for and sharpness are chosen by cross-validation over families
    of notices. Returns it with what it reached there.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    tell = say or (lambda _: None)
    embedder = open_embedder(settings, say)
    table = CpvTable.load().called("en")
    codes = tuple(sorted(table))
    notices = read_notices(folder / "notices.jsonl", "train")
    tell(f"Reading {len(notices.texts)} notices")
    vectors = views(embedder, notices.texts, notices.languages)
    labels = _labels(folder / "cpv24.tsv")
    tell(f"Reading {len(labels)} labels")
    label_vectors = views(embedder, [text for _, _, text in labels], [lang for _, lang, _ in labels])
    own = _tuning_set()
    tell(f"Reading {len(own)} records of the tuning set")
    own_vectors = views(embedder, [text for _, _, text in own], [language for _, language, _ in own])
    tell(f"Reading the {len(codes)} labels of the table")
    table_vectors = pooled(embedder, [table[code] for code in codes], ["en"] * len(codes))

    given = [*(c for c, _, _ in labels), *(c for c, _, _ in own)]
    divisions = tuple(sorted({code[:2] for code in (*notices.main, *given, *codes)}))
    place = {division: at for at, division in enumerate(divisions)}
    gold = np.array([place[code[:2]] for code in notices.main], dtype=np.int64)
    beside = np.concatenate([label_vectors, own_vectors])
    beside_gold = np.array([place[code[:2]] for code in given], dtype=np.int64)
    of = np.array([place[code[:2]] for code in codes], dtype=np.int64)
    half = table_vectors.shape[1]

    def linear(train: Int64, strength: float) -> tuple[Float32, Float32]:
        model = LogisticRegression(C=strength, max_iter=400)
        model.fit(
            np.concatenate([vectors[train], beside]),
            np.concatenate([gold[train], beside_gold]),
            sample_weight=np.concatenate([np.ones(len(train)), np.full(len(beside), BESIDE)]),
        )
        weights = np.zeros((len(divisions), vectors.shape[1]), dtype=np.float32)
        bias = np.full(len(divisions), UNSEEN, dtype=np.float32)
        weights[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
        return weights, bias

    tell("Cross-validating")
    splits = list(GroupKFold(FOLDS).split(vectors, groups=notices.families))
    held: dict[float, Float32] = {}
    for strength in STRENGTHS:
        scores = np.zeros((len(vectors), len(divisions)), np.float32)
        for train, test in splits:
            weights, bias = linear(train, strength)
            scores[test] = vectors[test] @ weights.T + bias
        held[strength] = scores
    strength = min(held, key=lambda s: _log_loss(softmax(held[s], axis=1), gold))
    families = np.unique(notices.families, return_inverse=True)[1]
    known = np.concatenate([vectors[:, :half], own_vectors[:, :half]])
    known_divisions = np.concatenate([gold, beside_gold[len(labels) :]])
    known_weights = np.concatenate([np.ones(len(vectors)), np.full(len(own), BESIDE)]).astype(np.float32)
    apart = np.hstack(
        [families[:, None] == families[None, :], np.zeros((len(vectors), len(own)), dtype=np.bool_)]
    )
    near = [
        label_nearness(part, table_vectors, of, len(divisions), sharp)
        for part in (vectors[:, :half], vectors[:, half:])
        for sharp in SHARP
    ]
    seen = known_shares(vectors[:, :half], known, known_divisions, known_weights, len(divisions), apart)
    sights = np.stack([held[strength], *near, seen], axis=2)
    stacked = np.zeros((len(vectors), len(divisions)))
    for train, test in splits:
        stacked[test] = sights[test] @ _mixed(sights[train], gold[train])
    weights, bias = linear(np.arange(len(vectors)), strength)
    made = DivisionClassifier(
        embedder.encoder.identity.model,
        divisions,
        weights,
        bias,
        SHARPNESS[0],
        codes,
        table_vectors,
        known.astype(np.float32),
        known_divisions,
        known_weights,
        tuple(_mixed(sights, gold).round(4).tolist()),
    )
    tell("Choosing how sharply labels share a division")
    best = max(SHARPNESS, key=lambda sharp: _label_likelihood(embedder, made, notices, vectors, sharp))
    ranked = np.argsort(-stacked, axis=1)
    alone = np.argsort(-held[strength], axis=1)
    return replace(made, sharpness=best), {
        "notices": len(vectors),
        "labels": len(labels),
        "records": len(own),
        "strength": strength,
        "log_loss": round(_log_loss(softmax(stacked, axis=1), gold), 4),
        "division_top_1": round(float(np.mean(ranked[:, 0] == gold)), 4),
        "division_top_5": round(float(np.mean((ranked[:, :5] == gold[:, None]).any(axis=1))), 4),
        "division_top_1_linear": round(float(np.mean(alone[:, 0] == gold)), 4),
    }


def measure(folder: Path, settings: Settings, fold: str = "test", say: Say | None = None) -> dict[str, Any]:
    """How often the buyers' own codes are suggested, on one fold of the notices."""
    embedder = open_embedder(settings, say)
    fitted = classifier.shipped(embedder.encoder.identity)
    if fitted is None:
        raise SettingInvalid(f"No CPV classifier is fitted for {embedder.encoder.identity.model}.")
    notices = read_notices(folder / "notices.jsonl", fold)
    vectors = views(embedder, notices.texts, notices.languages)
    likelihoods = fitted.probabilities(vectors)
    order = np.argsort(-likelihoods, axis=1, kind="stable")
    names = np.array(fitted.divisions)
    gold = np.array([code[:2] for code in notices.main])
    hits = names[order] == gold[:, None]
    first = likelihoods[np.arange(len(order)), order[:, 0]]
    sure = reliability(
        [
            Shown(language or "?", float(said), bool(held))
            for language, said, held in zip(notices.languages, first, hits[:, 0], strict=True)
        ]
    )
    by_language = {
        language: round(float(hits[[lang == language for lang in notices.languages], 0].mean()), 3)
        for language in sorted({lang for lang in notices.languages if lang})
    }
    suggester = Suggester(embedder, fitted, CpvTable.load().called("en"))
    exact, near = [], []
    for text, language, codes in zip(notices.texts, notices.languages, notices.codes, strict=True):
        offered = [s.code for s in suggester.suggest(text, language)]
        exact.append(any(code in codes for code in offered))
        near.append(any(code[:4] == own[:4] for code in offered for own in codes))
    return {
        "notices": len(gold),
        "division_top_1": round(float(hits[:, 0].mean()), 4),
        "division_top_3": round(float(hits[:, :3].any(axis=1).mean()), 4),
        "division_top_5": round(float(hits[:, :5].any(axis=1).mean()), 4),
        "division_top_1_any_code": round(
            float(
                np.mean(
                    [
                        names[row[0]] in {c[:2] for c in codes}
                        for row, codes in zip(order, notices.codes, strict=True)
                    ]
                )
            ),
            4,
        ),
        "code_in_top_5": round(float(np.mean(exact)), 4),
        "class_in_top_5": round(float(np.mean(near)), 4),
        "ece": round(sure.ece, 4),
        "brier": round(sure.brier, 4),
        "division_top_1_by_language": by_language,
    }


def section(figures: Mapping[str, Any]) -> list[str]:
    """The figures of `measure` for the quality page."""
    by_language = figures["division_top_1_by_language"]
    return [
        "",
        "## CPV suggestions, fold test of the notices",
        "",
        f"How often the main code that the buyers of {figures['notices']} notices chose is suggested.",
        "About a fifth of such codes are wrong or too broad: no system can agree with all of them.",
        "",
        *table(
            ["figure", "share"],
            [[words, f"{figures[name]:.3f}"] for name, words in SHOWN_FIGURES.items()],
        ),
        "",
        "Division at first place, by language: "
        + ", ".join(f"{language} {value:.2f}" for language, value in by_language.items())
        + ".",
    ]


def _label_likelihood(
    embedder: Embedder, linear: DivisionClassifier, notices: Notices, vectors: Float32, sharpness: float
) -> float:
    """Mean log likelihood of the main code within its own division."""
    fitted = replace(linear, sharpness=sharpness)
    suggester = Suggester(embedder, fitted, CpvTable.load().called("en"))
    total: list[float] = []
    for vector, code in zip(vectors, notices.main, strict=True):
        if code in suggester.known_codes:
            total.append(float(np.log(max(suggester.share(vector[: vector.size // 2], code), 1e-9))))
    return float(np.mean(total))


def _mixed(sights: Float32, gold: Int64) -> Float32:
    """`float32[s]`: what each sight of `float32[n, c, s]` counts for, by likelihood of the true division.

    None counts against: what speaks for a division must not lower it.
    """

    def loss(counts: Float32) -> tuple[float, Float32]:
        chances = softmax(sights @ counts, axis=1)
        own = np.take_along_axis(sights, gold[:, None, None], axis=1)[:, 0]
        slope = np.einsum("nc,ncs->ns", chances, sights) - own
        cost = float(-np.log(np.maximum(chances[np.arange(len(gold)), gold], 1e-12)).mean())
        return cost + 1e-3 * float(counts @ counts), slope.mean(axis=0) + 2e-3 * counts

    found: Float32 = minimize(
        loss, np.full(sights.shape[2], 0.5), jac=True, method="L-BFGS-B", bounds=[(0, None)] * sights.shape[2]
    ).x
    return found


def _tuning_set() -> list[tuple[str, str | None, str]]:
    """(code, language, text) of the tuning set's needs and solutions."""
    tuning = load_tuning()
    records: list[Need | Solution] = [*tuning.needs, *tuning.solutions]
    return [(record.cpv[0], record.language, record.text[:CHARACTERS]) for record in records if record.cpv]


def _labels(path: Path) -> list[tuple[str, str, str]]:
    """(code, language, label): the English table that ships, or a sample of all languages from `path`."""
    if not path.is_file():
        return [(code, "en", label) for code, label in CpvTable.load().called("en").items()]
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    languages = [code for code in EU_LANGUAGES if table and code in table[0] and code != "ga"]
    rng = np.random.default_rng(5)
    chosen = rng.choice(len(table), size=min(LABELS, len(table)), replace=False).tolist()
    picked = [(table[at], str(rng.choice(languages))) for at in chosen]
    return [(row["code"], language, row[language]) for row, language in picked if row[language]]


def _log_loss(probabilities: Float32, gold: np.ndarray[Any, Any]) -> float:
    own = probabilities[np.arange(len(gold)), gold]
    return float(-np.mean(np.log(np.maximum(own, 1e-9))))
