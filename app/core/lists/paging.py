"""Pages of a list, by keyset: no row is skipped or repeated while others write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal, literal_column, select, text, tuple_
from sqlalchemy.orm import Session, scoped_session

from app.core.errors import Refused
from app.core.lists.cursor import Place, Step, read_cursor, write_cursor
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec
from app.core.words import Search, understand

COUNTED = 10_000

AnySession = Session | scoped_session[Session]


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

    Totals are exact up to 10,000 and of lists without filters; `exact_total` counts on, whatever it takes.

    Raises `BadCursor`, and `Refused` when the query asks for what only staff may see.
    """
    if not staff:
        refuse_what_is_for_staff(spec, query)
    place = read_cursor(spec, query)
    totals = session.execute(_TOTALS, {"table": spec.table}).one()
    search = understand(session, query.q) if query.q else None
    if search is not None and not search.terms:
        return Page((), 0, True, None, None, query)
    conditions = conditions_of(spec, query, search)
    sort, downward = spec.sort_of(query.sort)
    key = sort.expression
    columns = [spec.model] if entities else [column.expression.label(column.name) for column in spec.columns]
    statement = select(*columns, key.label("list_key"), spec.model.id.label("list_id")).where(*conditions)
    if entities and options:
        statement = statement.options(*options)
    if place is not None:
        statement = statement.where(_beside(key, spec.model.id, place, downward))
    down = downward != (place is not None and place.backward)
    order = (key.desc(), spec.model.id.desc()) if down else (key, spec.model.id)
    found = list(session.execute(statement.order_by(*order).limit(query.limit + 1)))
    total, exact = _total(session, spec, query, conditions, totals)
    if exact_total and not exact:
        total, exact = exact_count(session, spec, query), True
    more = len(found) > query.limit
    found = found[: query.limit]
    if place is not None and place.backward:
        found.reverse()
    next_cursor, prev_cursor = _cursors(spec, query, place, found, more)
    rows = [row[0] for row in found] if entities else found
    corrections = search.corrections if search else {}
    return Page(rows, total, exact, next_cursor, prev_cursor, query, corrections)


def refuse_what_is_for_staff(spec: ListSpec, query: ListQuery) -> None:
    """Raise `Refused` if the query asks for archived rows, or filters by what only staff know."""
    if query.shows != "active":
        raise Refused("Archived records are shown to staff only.")
    for filter_ in spec.filters:
        if filter_.staff_only and getattr(query, filter_.name) is not None:
            raise Refused(f"The filter “{filter_.name}” is for staff only.")


def conditions_of(spec: ListSpec, query: ListQuery, search: Search | None) -> list[ColumnElement[bool]]:
    """What a row must be like to be on the list."""
    clauses = [filter_.clause(value) for filter_ in spec.filters if (value := getattr(query, filter_.name)) is not None]
    if query.shows == "active":
        clauses.append(spec.model.archived_at.is_(None))
    elif query.shows == "archived":
        clauses.append(spec.model.archived_at.is_not(None))
    if search is not None:
        clauses.append(search.matches(literal_column(f"{spec.table}.search")))
    return clauses


_TOTALS = text("""
    select coalesce(sum(total), 0)::bigint as total, coalesce(sum(live), 0)::bigint as live,
           coalesce(sum(version), 0)::bigint as version,
           set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)
      from data_versions where table_name = :table
""")


def _total(
    session: AnySession, spec: ListSpec, query: ListQuery, conditions: list[ColumnElement[bool]], totals: Row[Any]
) -> tuple[int, bool]:
    if not query.q and all(getattr(query, filter_.name) is None for filter_ in spec.filters):
        whole = {"active": totals.live, "all": totals.total, "archived": totals.total - totals.live}
        return whole[query.shows], True
    bounded = select(literal(1)).select_from(spec.model).where(*conditions).limit(COUNTED + 1).subquery()
    number = session.scalar(select(func.count()).select_from(bounded)) or 0
    return min(number, COUNTED), number <= COUNTED


def exact_count(session: AnySession, spec: ListSpec, query: ListQuery) -> int:
    """The number of rows that match, whatever it takes to count them."""
    search = understand(session, query.q) if query.q else None
    if search is not None and not search.terms:
        return 0
    statement = select(func.count()).select_from(spec.model).where(*conditions_of(spec, query, search))
    return session.scalar(statement) or 0


def _beside(key: Any, id_: Any, place: Place, downward: bool) -> ColumnElement[bool]:
    """The rows on the asked side of the place, as one comparison of rows, which an index on both answers."""
    row, at = tuple_(key, id_), tuple_(literal(place.key, key.type), literal(place.id, id_.type))
    up = place.backward == downward
    if place.step in ("from", "upto"):
        return row >= at if up else row <= at
    return row > at if up else row < at


def _cursors(
    spec: ListSpec, query: ListQuery, place: Place | None, found: Sequence[Any], more: bool
) -> tuple[str | None, str | None]:
    """Next and previous. Where a page turns out empty, the way back begins with the very place it was asked for."""

    def write(step: Step, key: Any, id_: Any) -> str:
        return write_cursor(spec, query, Place(step, key, id_))

    if not found:
        if place is None:
            return None, None
        exclusive = place.step in ("after", "before")
        if place.backward:
            return write("from" if exclusive else "after", place.key, place.id), None
        return None, write("upto" if exclusive else "before", place.key, place.id)
    first, last = found[0], found[-1]
    backward = place is not None and place.backward
    has_next = backward or more
    has_prev = more if backward else place is not None
    return (
        write("after", last.list_key, last.list_id) if has_next else None,
        write("before", first.list_key, first.list_id) if has_prev else None,
    )
