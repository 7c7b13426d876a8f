"""Pages of logs: tables with millions of rows, whose ids follow the time.

A page is read along an index that has the rows in order, by those filters that it has as well (`Filter.in_index`). The
others are checked row by row, and no more than `LONGEST` rows are looked at for a page. So a page costs the same
however long the log is, and whatever it is searched for. One that isn't filled by then says so, and goes on from there.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, null, select, true

from app.core.lists.finding import Finder, Found, count_of
from app.core.lists.spec import Filter

LONGEST = 10_000


@dataclass(frozen=True)
class LogFinder(Finder):
    def find(self) -> Found:
        matches = and_(true(), *self._clauses(in_index=False)).label("matches")
        steps = (
            self._read(*self._ids.selected_columns, matches, where=self._clauses(in_index=True))
            .limit(LONGEST)
            .cte("steps")
        )
        page = select(steps.c.list_id, steps.c.list_key).where(steps.c.matches).limit(self.query.limit + 1).cte("page")
        last = select(steps.c.list_id).order_by(self._last_first(steps.c.list_id)).limit(1).scalar_subquery()
        # The rows of `steps` are read as they are needed: all of them only where they don't fill the page.
        unfilled = case((count_of(page) <= self.query.limit, case((count_of(steps) == LONGEST, last))))
        rows, _, searched_to = self.fill(page, null(), unfilled)
        are_all = self.place is None and len(rows) <= self.query.limit and searched_to is None
        return Found(rows, len(rows), are_all, searched_to)

    def _clauses(self, *, in_index: bool) -> list[ColumnElement[bool]]:
        given = [(one, getattr(self.query, one.name)) for one in self.spec.filters]
        asked = [(one, value) for one, value in given if value is not None]
        return [one.clause(value) for one, value in asked if _is_in_index(one, value) == in_index]

    def _last_first(self, column: Any) -> Any:
        return column if self._downward else column.desc()


def _is_in_index(one: Filter, value: Any) -> bool:
    return one.in_index is not None and one.in_index(value)
