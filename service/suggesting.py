"""CPV codes suggested for a text, with their place in the tree."""

from corpora.taxonomy.cpv import CpvTable
from corpora.tongues import language as language_code
from service.backend import Backend
from service.schemas.records import SuggestedCode

DIGITS = 4


def suggested(
    held: Backend, text: str, *, language: str | None = None, k: int = 5, locale: str = "en"
) -> list[SuggestedCode] | None:
    """The likeliest codes, best first; None where the model in use has no classifier.

    A language that is not known here counts as none: the text is read for it.
    """
    if held.suggester is None:
        return None
    table = CpvTable.load()
    found = held.suggester.suggest(text, language_code(language) if language else None, k)
    return [
        SuggestedCode(
            code=each.code,
            label=table.label(each.code, locale) or each.label,
            # rounded down, so that they add up to 1 at most
            likelihood=int(max(0.0, min(1.0, each.likelihood)) * 10**DIGITS) / 10**DIGITS,
            path=path(table, each.code, locale),
        )
        for each in found
    ]


def path(table: CpvTable, code: str, locale: str = "en") -> list[str]:
    """The labels above a code, division first.

    >>> path(CpvTable.load(), "35113400")[-1]
    'Safety equipment'
    """
    return [table.label(above.code, locale) or above.label for above in reversed(table.ancestors(code))]
