"""The log of changes as a file: exactly the entries that a search finds, with every column, oldest first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from functools import partial
from itertools import islice
from typing import Any

from flask import Response
from sqlalchemy import Connection

from app.core.audit import AuditEntry
from app.core.clock import today_here
from app.core.exact_json import dumps
from app.portal.audit_log import stream_entries
from app.portal.audit_query import AuditQuery
from app.web.exports import Form, file_of, stream_from_database, table_file

NAME = "audit"
LINES_AT_ONCE = 200

COLUMNS = tuple(column.name for column in AuditEntry.__table__.columns)


def export_entries(query: AuditQuery, form: str, *, zone: tzinfo) -> Response:
    """The entries as `csv`, `xlsx` or `jsonl` (JSON Lines), streamed."""

    def answer(connection: Connection) -> Response:
        return FORMS[form](stream_entries(connection, query, zone=zone))

    return stream_from_database(answer)


def _as_table(rows: Iterable[Sequence[Any]], extension: str) -> Response:
    return table_file(NAME, COLUMNS, ([_in_cell(value) for value in row] for row in rows), Form(extension))


def _as_json_lines(rows: Iterable[Sequence[Any]]) -> Response:
    return file_of(_in_chunks(rows), f"{NAME}-{today_here().isoformat()}.jsonl", "application/jsonl")


FORMS: dict[str, Callable[[Iterable[Sequence[Any]]], Response]] = {
    "csv": partial(_as_table, extension="csv"),
    "xlsx": partial(_as_table, extension="xlsx"),
    "jsonl": _as_json_lines,
}


def _in_chunks(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    lines = (dumps(dict(zip(COLUMNS, map(_plain, row), strict=True))) + "\n" for row in rows)
    while chunk := "".join(islice(lines, LINES_AT_ONCE)):
        yield chunk.encode()


def _in_cell(value: Any) -> Any:
    return dumps(value) if isinstance(value, dict) else _plain(value)


def _plain(value: Any) -> Any:
    """A digest as its hexadecimal figures."""
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
