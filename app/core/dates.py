"""Days as people and programs write them in files: `2026-11-03`, `3.11.26`, `11/03/2026`, `3 Nov 2026`, also with a
weekday before them or a time behind.

With points the day comes first. With slashes or hyphens it may be the month, so a day that could be two is asked about,
never guessed, unless other cells of its column tell.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Order = Literal["dmy", "mdy"]
"""Whether the day comes first, or the month."""

HOW = "Give a date as in 2026-12-01 or 1.12.2026."
_TIME = r"(?:,?(?:T|\s+)\d{1,2}[:.h]\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}})\.?{_TIME}", re.ASCII | re.DOTALL)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){_TIME}", re.ASCII | re.DOTALL)
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:\.|er|st|nd|rd|th)?[\s-]*([a-z]{{3,10}})\.?,?[\s-]*(\d{{4}}|\d{{2}}){_TIME}")
_MONTH_DAY = re.compile(rf"([a-z]{{3,10}})\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}")
_WEEKDAY = re.compile(
    r"(?:mo|mon|monday|montag|lun|lundi|di|die|tue|tues|tuesday|dienstag|mar|mardi|mi|mit|wed|wednesday|mittwoch|mer"
    r"|mercredi|do|don|thu|thur|thurs|thursday|donnerstag|jeu|jeudi|fr|fre|fri|friday|freitag|ven|vendredi|sa|sam|sat"
    r"|saturday|samstag|sonnabend|samedi|so|son|sun|sunday|sonntag|dim|dimanche)\b\.?,?\s*(?=\d|[a-z]{3,10}\.?\s*\d)"
)
_MONTHS = (
    ("janv", 1), ("jan", 1), ("feb", 2), ("fev", 2), ("mar", 3), ("mrz", 3), ("maer", 3), ("apr", 4), ("avr", 4),
    ("mai", 5), ("may", 5), ("juin", 6), ("jun", 6), ("juil", 7), ("jul", 7), ("aug", 8), ("aou", 8), ("sep", 9),
    ("oct", 10), ("okt", 10), ("nov", 11), ("dec", 12), ("dez", 12),
)  # fmt: skip


@dataclass(frozen=True)
class AmbiguousDay:
    """A text that could be two days."""

    day_first: date
    month_first: date

    @property
    def question(self) -> str:
        either = f"{day_in_words(self.day_first)} or {day_in_words(self.month_first)}"
        return f"This may be {either}. Write it as in {self.day_first}."

    def taken(self, order: Order) -> date:
        return self.day_first if order == "dmy" else self.month_first


def read_day(text: str, order: Order | None = None) -> date | AmbiguousDay:
    """The day that a text says, where `order` is how its column writes days, if that is known. Raises ValueError, in
    words for people."""
    plain = _WEEKDAY.sub("", _folded(text), count=1)
    if found := _YEAR_FIRST.fullmatch(plain.upper()):
        return _day(int(found[1]), int(found[3]), int(found[4]))
    if found := _YEAR_LAST.fullmatch(plain.upper()):
        return _by_numbers(int(found[1]), int(found[3]), _year(found[4]), found[2] == ".", order)
    if (found := _DAY_MONTH.fullmatch(plain)) and (month := _month(found[2])):
        return _day(_year(found[3]), month, int(found[1]))
    if (found := _MONTH_DAY.fullmatch(plain)) and (month := _month(found[1])):
        return _day(int(found[3]), month, int(found[2]))
    raise ValueError(HOW)


def order_of(cells: Iterable[str]) -> Order | None:
    """How a column writes its days, as far as its cells give it away; None too where some say this and some that."""
    found: set[Order] = set()
    for cell in cells:
        numbers = _YEAR_LAST.fullmatch(_WEEKDAY.sub("", _folded(cell), count=1).upper())
        if numbers and numbers[2] != ".":
            first, second = int(numbers[1]), int(numbers[3])
            found |= {"dmy"} if first > 12 >= second else {"mdy"} if second > 12 >= first else set()
    return found.pop() if len(found) == 1 else None


def _by_numbers(first: int, second: int, year: int, day_first: bool, order: Order | None) -> date | AmbiguousDay:
    if day_first or first > 12:
        return _day(year, second, first)
    if second > 12:
        return _day(year, first, second)
    found = AmbiguousDay(_day(year, second, first), _day(year, first, second))
    if order is not None or first == second:
        return found.taken(order or "dmy")
    return found


def _folded(text: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def _month(word: str) -> int | None:
    return next((number for start, number in _MONTHS if word.startswith(start)), None)


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError("There is no such day.") from None


def day_in_words(day: date) -> str:
    """`22 Nov 2026`."""
    return f"{day.day} {day:%b %Y}"
