"""The whole of a list, row by row, for exports."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.orm import Session

from app.core.lists.conditions import conditions_of, search_of
from app.core.lists.parts import parts_of
from app.core.lists.query import ListQuery
from app.core.lists.spec import ListSpec

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
