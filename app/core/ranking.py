"""Which of the records that a search finds come first, in lists and in the palette: those whose name begins with what
was typed (the very name before longer ones), those whose name has its words, those whose name has words that begin so,
and then those that have them elsewhere."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, case, false, func, literal, literal_column
from sqlalchemy.orm import InstrumentedAttribute

from app.core.names import by_name
from app.core.sessions import AnySession
from app.core.words import Search, understand

BEGINS, WHOLE, IN_NAME, ELSEWHERE = range(4)
"""The tiers, best first."""


@dataclass(frozen=True)
class Ranking:
    """How the rows of a table rank in a search. The words of its name have the weight A in its column `search`, and an
    index of their own."""

    label: InstrumentedAttribute[str]
    search: Search

    @cached_property
    def name(self) -> ColumnElement[str]:
        """The name as it is compared and sorted."""
        return by_name(self.label)

    @cached_property
    def in_name(self) -> ColumnElement[bool]:
        """Whether the name alone has every term."""
        return self.search.matches(self._words_of_name)

    @cached_property
    def whole(self) -> ColumnElement[bool]:
        """Whether the name has every word as it was typed, and not only words that begin with it."""
        return self._words_of_name.bool_op("@@")(self.search.whole_words)

    def begins(self, name: Any) -> ColumnElement[bool]:
        """Whether a name, as it is compared, begins with what was typed: a range of the index on names."""
        start = func.plain(literal(self.search.typed))
        return and_(name >= start, name < start.op("||")("\U0010ffff"))

    @property
    def columns(self) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """What `tier` goes by: `list_name`, the name where it has the terms, and `list_whole`."""
        return case((self.in_name, self.name)).label("list_name"), self.whole.label("list_whole")

    def tier(self, rows: Any) -> ColumnElement[int]:
        """The number of the tier of a row that has the `columns`."""
        return case(
            (rows.c.list_name.is_(None), literal_column(str(ELSEWHERE))),
            (self.begins(rows.c.list_name), literal_column(str(BEGINS))),
            (rows.c.list_whole, literal_column(str(WHOLE))),
            else_=literal_column(str(IN_NAME)),
        )

    @property
    def _words_of_name(self) -> ColumnElement[Any]:
        return literal_column(f"ts_filter({self.label.class_.__tablename__}.search, '{{a}}')", Boolean)


def has_in_name(session: AnySession, label: InstrumentedAttribute[str], q: str) -> ColumnElement[bool]:
    """Whether a record's name has the words of `q`, read as lists of people read them: for pages that go by names."""
    search = understand(session, q, exactly=True)
    return Ranking(label, search).in_name if search.terms else false()
