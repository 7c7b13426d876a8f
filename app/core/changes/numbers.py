"""Numbers and days of a file as their fields keep them: read as their columns are written, numbers rounded where that
was said."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from app.core.amounts import Ambiguous, currencies_of, read_amount
from app.core.changes.columns import amounts_of, numbers_of
from app.core.changes.files.plan import Marks
from app.core.dates import AmbiguousDay, read_day
from app.core.kinds import Filing
from app.core.numbers import rounded


class Numbers:
    """Reads the cells of number fields. `rounded` says by field whether too many decimals are rounded; where it says
    nothing, they are noted in `too_fine`, to be asked about."""

    def __init__(self, filing: Filing, marks: Marks, rounded: Mapping[str, bool]) -> None:
        self._decimals, self._amounts = numbers_of(filing.input), amounts_of(filing.input)
        self._marks, self._rounded = marks, rounded
        self.too_fine: dict[str, tuple[int, str]] = {}

    def read(self, name: str, text: str, *, is_text: bool) -> str:
        """The number as the schema takes it; raises ValueError, in words for people, for what could be two."""
        if is_text and (name in self._amounts or not currencies_of(text)):
            way = self._marks.get(name)
            read = read_amount(text, way if way in (",", ".") else None)
            if isinstance(read, Ambiguous):
                raise ValueError(read.question)
            text = read
        number = _number(text)
        if number is None or number == rounded(number, self._decimals[name]):
            return text
        if self._rounded.get(name):
            return str(rounded(number, self._decimals[name]))
        if name not in self._rounded:
            rows, example = self.too_fine.get(name, (0, text))
            self.too_fine[name] = (rows + 1, example)
        return text

    def read_other(self, name: str, text: str) -> str:
        """A number in a field that takes other forms, too, as a plain decimal; nothing where its column doesn't tell
        how it is written."""
        way = self._marks.get(name)
        read = read_amount(text, way) if way in (",", ".") else ""
        return "" if isinstance(read, Ambiguous) else read

    def read_day(self, name: str, text: str) -> date:
        """The day; raises ValueError for what is none, and for what could be two."""
        way = self._marks.get(name)
        day = read_day(text, way if way in ("dmy", "mdy") else None)
        if isinstance(day, AmbiguousDay):
            raise ValueError(day.question)  # noqa: TRY004, it is about the value
        return day


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10) ** 15 else None
