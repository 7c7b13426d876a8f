"""Pages of a list, by keyset: no row is skipped or repeated while others write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.orm import Session

from app.core.bounded import Bounded
from app.core.clock import today_here
from app.core.lists.conditions import conditions_of, is_whole, refuse_what_is_for_staff, search_of
from app.core.lists.cursor import Place, Step, read_cursor, write_cursor
from app.core.lists.finding import Finder
from app.core.lists.logs import LogFinder
from app.core.lists.opening import Opening, open_list
from app.core.lists.parts import parts_of, undivided
from app.core.lists.query import ListQuery
from app.core.lists.ranked import RankedFinder, key_of
from app.core.lists.spec import ListSpec
from app.core.sessions import AnySession
from app.core.tenancy import TenantContext, current_tenant
from app.core.versions import PerDatabase


@dataclass(frozen=True)
class Page:
    """Rows of a list. `total` is the number of rows that match on all pages; where `total_is_exact` is false there are
    more than that. `corrections` tells which words of the search were read as which others."""

    rows: Sequence[Any]
    total: int
    total_is_exact: bool
    next_cursor: str | None
    prev_cursor: str | None
    query: ListQuery
    corrections: Mapping[str, str] = field(default_factory=dict)
    searched_to: UUID | None = None
    """In a log, how far its rows were looked at, where that wasn't enough to fill the page."""
    drawn: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    """What a caller made of these rows, and may use again for as long as the page is current."""


PAGES_KEPT = 64

_Key = tuple[TenantContext, ListSpec, str, date]


def _key(spec: ListSpec, query: ListQuery) -> _Key:
    """All that a page may differ by. The day is in it because “late” and “this week” change without any commit."""
    return (current_tenant(), spec, query.model_dump_json(), today_here())


_memories: PerDatabase[Bounded[_Key, tuple[int, Page]]] = PerDatabase(lambda: Bounded(PAGES_KEPT))
forget_all = _memories.clear
"""Have every page made anew: for measuring."""


@dataclass(frozen=True)
class Memory:
    """Where a page is kept, and given again while nothing has changed.

    Every page begins with a look at `data_versions` (`opening`). A page that was made under the same version holds what
    the database would answer now, to whom the work stands for: the version moves with every commit that changes the
    list's tables, and is read before the rows, so that a page is never older than what it is kept under. It is given
    again on the day on which it was made, and to nobody whose day is another.
    """

    pages: Bounded[_Key, tuple[int, Page]]
    key: _Key
    version: int

    def recall(self) -> Page | None:
        """The page, if it was made and is current."""
        version, page = self.pages.get(self.key) or (None, None)
        if version != self.version:
            return None
        self.pages.touch(self.key)
        return page

    def keep(self, page: Page) -> None:
        self.pages.put(self.key, (self.version, page))


def memory_of(session: AnySession, spec: ListSpec, query: ListQuery, opening: Opening) -> Memory | None:
    """Where the page is kept in the memory of the session's database.

    None where it can't be: in a transaction that has changed what it shows, on a connection of its own, for a search,
    whose words any table may have taught, and for a list that shows what isn't counted.
    """
    pages = None if opening.search is not None or spec.is_log or not spec.is_kept else _memories.of(session)
    return None if pages is None or opening.version is None else Memory(pages, _key(spec, query), opening.version)


def fetch(
    session: AnySession,
    spec: ListSpec,
    query: ListQuery,
    *,
    staff: bool,
    entities: bool = False,
    options: Sequence[Any] = (),
    exact_total: bool = False,
) -> Page:
    """One page: rows with the columns of the list, or the records themselves with the given load options.

    A total is exact where it is cheap to know, and otherwise a number that is really reached, at most 10,000;
    `exact_total` counts whatever it takes.
    Raises `BadCursor`, and `Refused` when the query asks for what only staff may see.
    """
    if not staff:
        refuse_what_is_for_staff(spec, query)
    place = read_cursor(spec, query)
    opening = open_list(session, spec, query)
    if opening.search is not None and not opening.search.terms:
        return Page((), 0, True, None, None, query)
    memory = None if entities or exact_total else memory_of(session, spec, query, opening)
    page = memory.recall() if memory else None
    if page is None:
        page = _make(session, spec, query, place, opening, entities=entities, options=options, exact_total=exact_total)
        if memory:
            memory.keep(page)
    return page


def _make(
    session: AnySession,
    spec: ListSpec,
    query: ListQuery,
    place: Place | None,
    opening: Opening,
    *,
    entities: bool,
    options: Sequence[Any],
    exact_total: bool,
) -> Page:
    chosen = [spec.model] if entities else [column.expression.label(column.name) for column in spec.columns]
    part, backward = undivided(spec, query, opening.search), place is not None and place.backward
    kind = LogFinder if spec.is_log else RankedFinder if query.is_ranked else Finder
    found = kind(session, spec, query, place, opening, chosen, options, part, backward=backward).find()
    total, exact = found.total, found.total_is_exact
    if exact_total and not exact:
        total, exact = exact_count(session, spec, query), True
    rows = found.rows[: query.limit]
    if place is not None and place.backward:
        rows = rows[::-1]
    next_cursor, prev_cursor = _cursors(spec, query, place, rows, more=len(found.rows) > query.limit)
    if found.searched_to is not None:
        further = Place("before" if backward else "after", found.searched_to, found.searched_to)
        cursor = write_cursor(spec, query, further)
        next_cursor, prev_cursor = (next_cursor, cursor) if backward else (cursor, prev_cursor)
    corrections = opening.search.corrections if opening.search else {}
    shown = [row[0] for row in rows] if entities else rows
    return Page(shown, total, exact, next_cursor, prev_cursor, query, corrections, found.searched_to)


def exact_count(session: AnySession, spec: ListSpec, query: ListQuery) -> int:
    """The number of rows that match, whatever it takes to count them."""
    opening = open_list(session, spec, query)
    if is_whole(spec, query) and not spec.is_log:
        return opening.whole(query)
    if opening.search is not None and not opening.search.terms:
        return 0
    statement = select(func.count()).select_from(spec.model).where(*conditions_of(spec, query, opening.search))
    return session.scalar(statement) or 0


def _cursors(
    spec: ListSpec, query: ListQuery, place: Place | None, rows: Sequence[Any], *, more: bool
) -> tuple[str | None, str | None]:
    """Next and previous. Where a page turns out empty, the way back begins with the very place it was asked for."""

    def beside(step: Step, row: Any) -> str:
        return write_cursor(spec, query, Place(step, key_of(row), row.list_id, row.list_part))

    def again(step: Step) -> str:
        assert place is not None
        return write_cursor(spec, query, replace(place, step=step))

    if not rows:
        if place is None:
            return None, None
        exclusive = place.step in ("after", "before")
        if place.backward:
            return again("from" if exclusive else "after"), None
        return None, again("upto" if exclusive else "before")
    first, last = rows[0], rows[-1]
    backward = place is not None and place.backward
    has_next = backward or more
    has_prev = more if backward else place is not None
    return (
        beside("after", last) if has_next else None,
        beside("before", first) if has_prev else None,
    )


CHUNK = 1_000


def stream(connection: Connection, spec: ListSpec, query: ListQuery) -> Iterator[Row[Any]]:
    """Every row that matches, in the order of the query's sort, through a server-side cursor: one chunk in memory."""
    search = search_of(Session(connection), spec, query)
    if search is not None and not search.terms:
        return
    columns: list[Any] = [column.expression.label(column.name) for column in spec.columns]
    matching: Select[Any] = select(*columns).where(*conditions_of(spec, query, None))
    rows = connection.execution_options(yield_per=CHUNK)
    for part in parts_of(spec, query, search):
        key, id_ = part.key, spec.model.id
        order = (key.desc(), id_.desc()) if part.downward else (key, id_)
        yield from rows.execute(matching.where(*part.within, *part.conditions).order_by(*order))
