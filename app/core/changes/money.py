"""What currency the amounts of a row are in: a cell or its column says so, or nobody does, and it is asked."""

from collections.abc import Mapping
from typing import Any

from app.core.amounts import currencies_of
from app.core.changes.columns import amounts_of, choices_of
from app.core.changes.files.plan import CURRENCY
from app.core.kinds import Filing
from app.core.tables.rows import Cell

__all__ = ["CURRENCY", "OtherCurrency", "currency_of_row", "has_currency"]


class OtherCurrency(ValueError):
    """The row says two currencies, or one that the portal takes no amounts in. `field` is where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def has_currency(filing: Filing) -> bool:
    return CURRENCY in filing.input.model_fields


def currency_of_row(filing: Filing, cells: Mapping[str, Cell], given: Any) -> str | None:
    """The currency that a row says by its amounts, or by its cell for the currency, which is `given` as it was read.
    Raises OtherCurrency."""
    choices = choices_of(filing.input, CURRENCY)
    said = _code(str(given or ""), choices)
    for name in sorted(amounts_of(filing.input) & cells.keys()):
        cell = cells[name]
        named = currencies_of(cell) if isinstance(cell, str) else frozenset()
        if len(named | ({said} if said else set())) > 1:
            others = " and ".join(sorted(named - {said}))
            raise OtherCurrency(name, f"This says {others}, but the row {f'is in {said}' if said else 'names both'}.")
        said = said or next(iter(named), None)
        if named and said not in choices.values():
            raise OtherCurrency(name, f"{said} isn't taken. Use one of {', '.join(choices.values())}.")
    return said


def _code(text: str, choices: Mapping[str, str]) -> str | None:
    """The code that a cell for the currency holds, be it by a sign."""
    named = currencies_of(text)
    return choices.get(text.strip().casefold()) or (next(iter(named)) if len(named) == 1 else None) or text or None
