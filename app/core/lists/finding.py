"""How the rows of a page are found. There are two ways, and each is slow where the other one is fast:

- *walk* through the index of the sort and take what matches, until the page is full: good when much matches;
- *gather* all that matches through the indexes of the conditions, and sort it: good when little matches, and it is
  counted on the way.

The planner's estimates choose. They are wrong when conditions depend on each other or on the sort; so neither way is
gone further than its bound, and behind the bound the other one is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.sql import visitors

from app.core.lists.conditions import conditions_of, is_whole
from app.core.lists.cursor import Place, told
from app.core.lists.estimates import Estimate, estimate
from app.core.lists.opening import Opening
from app.core.lists.parts import Part
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec

COUNTED = 10_000
"""The largest number of rows that is counted for a total."""

SMALL_TABLE = 2_000
"""The number of rows up to which the planner is not asked."""

GATHERED = 2 * COUNTED
"""The largest number of rows that is gathered for a page."""

WORTH_GATHERING = 4_000
"""The estimated cost up to which matches are gathered even where a walk would be shorter: they are counted by that."""

WORTH_COUNTING = 1_000
"""The estimated cost up to which matches are counted that are not gathered: what an index alone can tell."""

ALWAYS_COUNTED = 50_000
"""The size of a table up to which matches are counted whatever the planner thinks: all of it is a few milliseconds."""

SHORTEST_WALK, LONGEST_WALK = 1_000, 30_000
PATIENCE = 2.5
"""How many times as far as expected a walk goes."""

STEP, STEP_IN_TIME = 1.5, 0.2
"""The cost of a step of a walk. Rows lie in the table about as they came, so that in the order of time the next row is
mostly on the same page; the planner takes little account of it."""


@dataclass(frozen=True)
class Found:
    """The rows of a page and one more, as far as there are, in the direction of the place; and the total."""

    rows: Sequence[Any]
    total: int
    total_is_exact: bool
    searched_to: UUID | None = None
    """In a log, the last row that was looked at, where the page wasn't filled and there are more."""


@dataclass(frozen=True)
class Finder:
    """Finds the rows of one page, in one part of the list. They carry what is `chosen`, and at their end `list_key`,
    `list_id` and `list_part`."""

    session: Session | scoped_session[Session]
    spec: ListSpec
    query: ListQuery
    place: Place | None
    opening: Opening
    chosen: Sequence[Any]
    options: Sequence[Any]
    part: Part
    counts: bool = True
    """Whether the total is wanted; it is that of the part."""
    backward: bool = False
    """Whether the rows are read towards the beginning of the list."""

    def find(self) -> Found:
        if is_whole(self.spec, self.query):
            return self._find_in_whole()
        if self.part.within:
            return self._walk(self.opening.total) or self._gather() or self._read_through()
        if self.is_small:
            return self._gather() or self._read_through()
        return self._find_by_estimate()

    def _find_in_whole(self) -> Found:
        total = self.opening.whole(self.query)
        few = self.query.shows == "archived" and total <= COUNTED
        return (self._gather() if few else None) or Found(self._run(self._read()), total, True)

    def _find_by_estimate(self) -> Found:
        page = self._read(*self._ids.selected_columns).limit(self.query.limit + 1)
        reading, gathering, counting = estimate(self.session, _planned(page, "list_key"), *self.planned)
        counted = self.counts and self.is_worth_counting(counting)
        if reading.is_straight:
            return self._read_straight(counted=counted)
        if self.is_worth_gathering(gathering):
            return self._gather() or self._walk(GATHERED, known=COUNTED) or self._read_through()
        return self._walk(gathering.rows, counted=counted) or self._gather() or self._read_through()

    @property
    def is_small(self) -> bool:
        return self.opening.total <= SMALL_TABLE

    @property
    def planned(self) -> tuple[Select[Any], Select[Any]]:
        """What the planner is asked about: gathering all that matches, and counting it."""
        matches = self._ids.where(*self._conditions)
        return _planned(matches.limit(GATHERED + 1), "list_key"), _planned(matches.limit(COUNTED + 1), "list_id")

    def is_worth_gathering(self, gathering: Estimate) -> bool:
        walking = self._steps(gathering.rows) * (STEP_IN_TIME if isinstance(self._key.type, DateTime) else STEP)
        return gathering.rows <= GATHERED and gathering.cost <= max(WORTH_GATHERING, walking)

    def is_worth_counting(self, counting: Estimate) -> bool:
        is_cheap = counting.cost <= WORTH_COUNTING and counting.rows <= 2 * COUNTED
        return is_cheap or self.opening.total <= ALWAYS_COUNTED

    def _read_straight(self, *, counted: bool) -> Found:
        """The page from an index that has the matches in order."""
        page = self._read(*self._ids.selected_columns).limit(self.query.limit + 1).cte("page")
        rows, total, _ = self.fill(page, self.number(counted=counted), null())
        return self.found(rows, total)

    def _gather(self) -> Found | None:
        """The page out of all that matches; None if that is too much."""
        gathered = self.gathered()
        page = select(gathered.c.list_id, gathered.c.list_key)
        if self.place is not None:
            page = page.where(self.beside(gathered.c.list_key, gathered.c.list_id, self.place))
        page = page.order_by(*self.order(gathered.c.list_key, gathered.c.list_id)).limit(self.query.limit + 1)
        rows, total, _ = self.fill(page.cte("page"), count_of(gathered), null())
        return self.out_of(rows, total)

    def gathered(self, *more: ColumnElement[Any]) -> CTE:
        """All that matches, as far as it is gathered: the ids and keys, and what else of each row is wanted."""
        return self._ids.add_columns(*more).where(*self._conditions).limit(GATHERED + 1).cte("gathered")

    def out_of(self, rows: Sequence[Any], gathered: int) -> Found | None:
        """The rows out of so many gathered ones; None if those weren't all."""
        return None if gathered > GATHERED else Found(rows, min(gathered, COUNTED), gathered <= COUNTED)

    def _walk(self, expected: int, *, counted: bool = False, known: int = 0) -> Found | None:
        """The page out of the next rows in the order of the sort; None if they don't fill it and there are more.

        `known` is how many matches there are for certain.
        """
        length = round(min(max(PATIENCE * self._steps(expected), SHORTEST_WALK), LONGEST_WALK))
        told = [clause for clause in self._narrowing if self._is_told_by_sort(clause)]
        by_row = [clause for clause in self._narrowing if not self._is_told_by_sort(clause)]
        by_index = [*self.part.within, *told]
        matches = and_(true(), *by_row).label("matches")
        walked = self._read(*self._ids.selected_columns, matches, where=by_index)
        steps = walked.limit(length).cte("steps")
        page = select(steps.c.list_id, steps.c.list_key).where(steps.c.matches).limit(self.query.limit + 1).cte("page")
        unfilled = case((count_of(page) <= self.query.limit, count_of(steps)))
        rows, total, taken = self.fill(page, self.number(counted=counted), unfilled)
        return None if taken == length else self.found(rows, total, known)

    def _read_through(self) -> Found:
        """The page in whatever way the planner likes, when both ways were too long."""
        return Found(self._run(self._read(where=self._conditions)), COUNTED, False)

    def _read(self, *columns: Any, where: Sequence[ColumnElement[bool]] | None = None) -> Select[Any]:
        statement = select(*(columns or self._columns)).where(*(self._conditions if where is None else where))
        if self.place is not None:
            statement = statement.where(self.beside(self._key, self._id, self.place))
        statement = statement.order_by(*self.order(self._key, self._id))
        return statement if columns else statement.limit(self.query.limit + 1)

    def fill(
        self, page: CTE, total: Any, taken: Any, more: Sequence[Any] = (), order: Sequence[Any] = ()
    ) -> tuple[Sequence[Any], Any, Any]:
        """The rows of a page of ids, with the columns; and two numbers, also when there is no row."""
        numbers = select(total.label("list_total"), taken.label("list_taken")).subquery("numbers")
        statement = (
            select(
                *self.chosen,
                told(page.c.list_key).label("list_key"),
                page.c.list_id,
                *(more or (self._number_of_part,)),
                numbers.c.list_total,
                numbers.c.list_taken,
            )
            .select_from(numbers)
            .outerjoin(page, true())
            .outerjoin(self.spec.model, self._id == page.c.list_id)
            .order_by(*(order or self.order(page.c.list_key, page.c.list_id)))
        )
        rows = self._run(statement)
        return [row for row in rows if row.list_id is not None], rows[0].list_total, rows[0].list_taken

    def _run(self, statement: Select[Any]) -> Sequence[Any]:
        return self.session.execute(statement.options(*self.options)).all()

    @cached_property
    def _conditions(self) -> list[ColumnElement[bool]]:
        return [*self.part.within, *self._narrowing]

    @cached_property
    def _narrowing(self) -> list[ColumnElement[bool]]:
        """What rows have to be like besides being where the part lies in the index of its key."""
        return [*conditions_of(self.spec, self.query, None), *self.part.conditions]

    @property
    def _columns(self) -> Sequence[Any]:
        return (*self.chosen, told(self._key).label("list_key"), self._id.label("list_id"), self._number_of_part)

    @property
    def _number_of_part(self) -> Any:
        return literal_column(str(self.part.number)).label("list_part")

    @property
    def _ids(self) -> Select[Any]:
        return select(self._id.label("list_id"), self._key.label("list_key"))

    @property
    def _id(self) -> Any:
        return self.spec.model.id

    @property
    def _key(self) -> Any:
        return self.part.key

    @property
    def _downward(self) -> bool:
        """Whether rows are read from large keys to small ones."""
        return self.part.downward != self.backward

    def order(self, key: Any, id_: Any) -> tuple[Any, Any]:
        return (key.desc(), id_.desc()) if self._downward else (key, id_)

    def beside(self, key: Any, id_: Any, place: Place) -> ColumnElement[bool]:
        """The rows on the asked side of the place, as one comparison of rows, which an index on both answers."""
        row, at = tuple_(key, id_), tuple_(literal(place.key, key.type), literal(place.id, id_.type))
        if place.step in ("from", "upto"):
            return row <= at if self._downward else row >= at
        return row < at if self._downward else row > at

    def _is_told_by_sort(self, clause: ColumnElement[bool]) -> bool:
        """Whether the index of the sort alone decides the clause: it is about its column, or about being archived."""
        told = {"archived_at", getattr(self._key, "key", None)}
        columns = [part for part in visitors.iterate(clause) if part.__visit_name__ in ("column", "textclause")]
        return all(getattr(column, "key", None) in told for column in columns)

    def _steps(self, expected: int) -> float:
        """How many rows a walk meets until it has a page, when so many of all rows match."""
        return (self.query.limit + 1) * self.opening.total / max(expected, 1)

    def number(self, *, counted: bool) -> Any:
        """The number of matches up to one more than the bound; null if they aren't to be counted."""
        matches = select(self._id).where(*self._conditions).limit(COUNTED + 1)
        return count_of(matches.subquery()) if counted else null()

    def found(self, rows: Sequence[Any], counted: int | None, known: int = 0) -> Found:
        """With what was counted; else with what the page itself proves: all, if it is the first and isn't full."""
        if counted is not None:
            return Found(rows, min(counted, COUNTED), counted <= COUNTED)
        are_all = self.place is None and len(rows) <= self.query.limit
        return Found(rows, max(known, len(rows)), are_all)


def count_of(rows: Any) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows).scalar_subquery()


def _planned(bounded: Select[Any], column: str) -> Select[Any]:
    """The query as the planner is asked about it: of each row the column alone."""
    rows = bounded.subquery()
    return select(literal(1)).select_from(rows).where(rows.c[column].is_not(None))
