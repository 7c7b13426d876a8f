"""What the columns of a file without a heading probably hold, by what their cells look like."""

import re
from collections.abc import Callable, Sequence

from app.core.changes.columns import amounts_of
from app.core.kinds import Filing
from app.core.tables.rows import Cell, is_empty, text_of

_CENTS = re.compile(r"\D*\d[\d.,' ]*[.,]\d{2}\D*")
_MOSTLY = 0.8


def by_shape(filing: Filing, columns: Sequence[Sequence[Cell]]) -> dict[int, str]:
    """Fields by column: amounts have cents, names are texts that differ, categories are texts that come again."""
    texts = {at: [text_of(cell).strip() for cell in cells if not is_empty(cell)] for at, cells in enumerate(columns)}
    found: dict[int, str] = {}
    prices = [at for at, cells in texts.items() if _share(cells, _CENTS.fullmatch) >= _MOSTLY]
    words = {at: cells for at, cells in texts.items() if at not in prices and _share(cells, _is_wording) >= _MOSTLY}
    for amount in sorted(amounts_of(filing.input))[:1] if len(prices) == 1 else []:
        found[prices[0]] = amount
    if words and "name" in filing.input.model_fields:
        name = max(words, key=lambda at: (len(set(words[at])), sum(map(len, words[at]))))
        found[name] = "name"
        again = [at for at, cells in words.items() if at != name and len(set(cells)) < len(cells)]
        if again and "category" in filing.input.model_fields:
            found[again[0]] = "category"
    return found


def _share(cells: Sequence[str], is_such: Callable[[str], object]) -> float:
    return sum(bool(is_such(cell)) for cell in cells) / len(cells) if cells else 0.0


def _is_wording(text: str) -> bool:
    return sum(letter.isalpha() for letter in text) * 2 > len(text)
