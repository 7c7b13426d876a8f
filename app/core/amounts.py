"""Amounts and numbers as people write them: `1.499,00`, `1,499.00 €`, `1 499,-`, `CHF 1'499.–`. The one reader of them,
for forms, filters, bulk changes and imports. What could mean two amounts is asked about, never guessed.

A comma or a point before exactly three digits may mark thousands or decimals. In a file, the other cells of the column
tell which is meant: somebody who writes `12,50` above means a decimal comma below, too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

Mark = Literal[",", "."]

_SIGNS = {
    "€": "EUR", "$": "USD", "US$": "USD", "£": "GBP", "FR": "CHF", "FR.": "CHF", "SFR": "CHF", "SFR.": "CHF",
    "¥": "JPY", "₹": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₩": "KRW", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF",
    "РУБ": "RUB", "РУБ.": "RUB", "ГРН": "UAH", "ГРН.": "UAH", "ЛВ": "BGN", "ЛВ.": "BGN", "EURO": "EUR", "EUROS": "EUR",
}  # fmt: skip
"""What stands for a currency besides its code. Those that the portal takes no prices in are refused by their names."""
_CODES = "EUR|USD|GBP|CHF|JPY|PLN|CZK|HUF|SEK|NOK|DKK|RON|BGN|TRY|CNY|INR|CAD|AUD|NZD|BRL|MXN|ZAR|RUB|UAH|KRW"

_CURRENCY = re.compile(
    rf"(?<![^\W\d_])(?:US\$|[€$£¥₹₽₺₴₩]|(?:{_CODES}|Euros?|S?Fr\.?|zł|Kč|Ft|(?:руб|грн|лв)\.?)(?![^\W\d_]))",
    re.IGNORECASE,
)
_BLANK = r"[\s\u00a0\u2009\u202f'’]"
_SPACES = re.compile(rf"(?<=\d){_BLANK}(?=\d{{3}}(?!\d))")
_NO_CENTS = re.compile(r"[.,][-–—]{1,2}$")
_PLAIN = re.compile(r"[-−+]?\d+")
_GROUPED = {mark: re.compile(rf"[-−+]?[1-9]\d{{0,2}}(?:\{mark}\d{{3}})+") for mark in (",", ".")}
_DECIMAL = {
    mark: re.compile(rf"[-−+]?(?:\d+|[1-9]\d{{0,2}}(?:\{other}\d{{3}})+)?\{mark}\d+") for mark, other in (",.", ".,")
}
_EITHER = re.compile(r"[-−+]?[1-9]\d{0,2}[.,]\d{3}")


class TypedFloat(float):
    """A number of a JSON text that remembers how it was written: 1.500 has three decimals."""

    text: str

    def __new__(cls, text: str) -> "TypedFloat":
        made = super().__new__(cls, text)
        made.text = text
        return made


@dataclass(frozen=True)
class Ambiguous:
    """A text that could be two amounts; both, as plain decimals."""

    whole: str
    decimal: str

    @property
    def question(self) -> str:
        return f"This may be {self.whole} or {self.decimal}. Write one or the other."


def read_amount(text: str, mark: Mark | None = None) -> str | Ambiguous:
    """The text as a plain decimal, where the decimal mark of its column is `mark`, if that is known. Of decimals that
    the column's mark makes certain, zeros beyond the second are left out.

    What is no amount stays as it is, for the schema to refuse.
    """
    bare = _strip(text)
    own = _evidence(bare)
    if own:
        found = _plain(bare, own.pop())
        return found if mark is None else _without_zeros(found)
    if not _EITHER.fullmatch(bare):
        return _plain(bare, ".") if _PLAIN.fullmatch(bare) else text.strip()
    if mark is not None:
        return _without_zeros(_plain(bare, mark))
    whole, decimal = sorted((_plain(bare, ","), _plain(bare, ".")), key=lambda plain: "." in plain)
    return Ambiguous(whole, _without_zeros(decimal))


def as_typed(text: str) -> str:
    """What somebody typed as a plain decimal; the text itself where it is none, or could be two, for the schema to
    refuse with the question."""
    found = read_amount(text)
    return text.strip() if isinstance(found, Ambiguous) else found


def currencies_of(text: str) -> frozenset[str]:
    """The codes of all currencies that the text names: EUR for `1.499,00 €` and for `Price (EUR)`."""
    return frozenset(_SIGNS.get(sign, sign) for sign in map(str.upper, _CURRENCY.findall(text)))


def decimal_mark(cells: Iterable[str]) -> Mark | None:
    """The decimal mark that a column's cells give away; none when nothing does, or some say this and some that."""
    found: set[Mark] = set()
    for cell in cells:
        found |= _evidence(_strip(cell))
        if len(found) == 2:
            return None
    return found.pop() if found else None


def typed_decimals(value: object) -> int:
    """How many decimals a number has as it was written, zeros too: 1.500 has three, 1e-3 has three, 1.0 none."""
    text = value.text if isinstance(value, TypedFloat) else repr(value) if isinstance(value, float) else str(value)
    try:
        exponent = Decimal(text.strip().removesuffix(".0")).as_tuple().exponent
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _strip(cell: str) -> str:
    bare = _CURRENCY.sub("", cell).strip()
    bare = _NO_CENTS.sub("", bare)
    return _SPACES.sub("", bare).strip()


def _evidence(cell: str) -> set[Mark]:
    if _EITHER.fullmatch(cell) or _PLAIN.fullmatch(cell):
        return set()
    if _DECIMAL[","].fullmatch(cell) or _GROUPED["."].fullmatch(cell):
        return {","}
    if _DECIMAL["."].fullmatch(cell) or _GROUPED[","].fullmatch(cell):
        return {"."}
    return set()


def _plain(cell: str, mark: Mark) -> str:
    thousands = "," if mark == "." else "."
    found = cell.replace(thousands, "").replace(mark, ".").replace("−", "-").removeprefix("+")
    return re.sub(r"^(-?)\.", r"\g<1>0.", found)


def _without_zeros(plain: str) -> str:
    """Without the zeros that stand behind two decimals: 1.500 is 1.50."""
    whole, point, decimals = plain.partition(".")
    return whole + point + decimals[:2] + decimals[2:].rstrip("0")
