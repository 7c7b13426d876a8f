"""Pages of a list, by keyset: no row is skipped or repeated while others write."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from app.core.lists.conditions import conditions_of, is_whole, refuse_what_is_for_staff
from app.core.lists.cursor import Place, Step, read_cursor, write_cursor
from app.core.lists.finding import Finder
from app.core.lists.memory import memory_of
from app.core.lists.opening import Opening, open_list
from app.core.lists.page import Page
from app.core.lists.parts import undivided
from app.core.lists.query import ListQuery
from app.core.lists.ranked import RankedFinder, key_of
from app.core.lists.spec import ListSpec
from app.core.sessions import AnySession


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
    kind = RankedFinder if query.is_ranked else Finder
    found = kind(session, spec, query, place, opening, chosen, options, part, backward=backward).find()
    total, exact = found.total, found.total_is_exact
    if exact_total and not exact:
        total, exact = exact_count(session, spec, query), True
    rows = found.rows[: query.limit]
    if place is not None and place.backward:
        rows = rows[::-1]
    next_cursor, prev_cursor = _cursors(spec, query, place, rows, more=len(found.rows) > query.limit)
    corrections = opening.search.corrections if opening.search else {}
    shown = [row[0] for row in rows] if entities else rows
    return Page(shown, total, exact, next_cursor, prev_cursor, query, corrections)


def exact_count(session: AnySession, spec: ListSpec, query: ListQuery) -> int:
    """The number of rows that match, whatever it takes to count them."""
    opening = open_list(session, spec, query)
    if is_whole(spec, query):
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
