"""Lists as files, streamed: the first rows leave while the last ones are still in the database."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool
from werkzeug.exceptions import BadRequest, NotFound

from app.core.cells import cell
from app.core.clock import today_here
from app.core.engine import register_engine_events
from app.core.lists import ListQuery, ListSpec, stream
from app.core.rls import PINNED
from app.core.tenancy import current_tenant
from app.extensions import db
from app.web import xlsx
from config import sqlalchemy_url

ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class Form:
    """What kind of file, and of a text file what is between its cells and before its decimals."""

    extension: str = "csv"
    separator: str = ","
    decimal: str = "."


def form_of(extension: str, given: Mapping[str, str]) -> Form:
    """The form that an address asks for: `export.xlsx`, `export.csv?separator=;&decimal=,`.

    Raises `NotFound` for another extension, and `BadRequest` for another separator or decimal sign.
    """
    if extension not in _WRITERS:
        raise NotFound
    separator, decimal = given.get("separator", ","), given.get("decimal", ".")
    if separator not in (",", ";"):
        raise BadRequest("A separator is a comma or a semicolon.")
    if decimal not in (".", ","):
        raise BadRequest("A decimal sign is a point or a comma.")
    return Form(extension, separator, decimal)


def export_list(spec: ListSpec, query: ListQuery, form: Form) -> Response:
    """Every row that matches the query, in its order, as a file. See `stream_from_database`."""
    columns = [column.name for column in spec.columns]
    name = spec.table.replace("_", "-")
    return stream_from_database(lambda rows: table_file(name, columns, stream(rows, spec, query), form))


def stream_from_database(answer: Callable[[Connection], Response]) -> Response:
    """The answer that `answer` makes of rows which it reads over a connection of their own, all as of one moment,
    read-only and without the time limit of requests; it goes back when the last row is sent or the reader goes away."""
    # The rows are read when the request is over: for whom, is settled here.
    connection = _engine().connect().execution_options(isolation_level="REPEATABLE READ", **{PINNED: current_tenant()})
    try:
        connection.execute(text("set transaction read only"))
        connection.execute(text("set local statement_timeout = 0"))
        response = answer(connection)
    except BaseException:
        connection.close()
        raise
    response.call_on_close(connection.close)
    return response


def table_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Form) -> Response:
    """A file of these rows below the names of their columns, streamed. No cell of it is a formula to a spreadsheet."""
    write, mimetype = _WRITERS[form.extension]
    return file_of(write(name, columns, rows, form), f"{name}-{today_here().isoformat()}.{form.extension}", mimetype)


def file_of(content: Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file to keep, streamed, and kept by no cache."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Form) -> Iterator[bytes]:
    """The bytes of a CSV file (RFC 4180), with a byte order mark, by which spreadsheets know UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=form.separator, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value, form.decimal) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    content = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return content


_Write = Callable[[str, Sequence[str], Iterable[Sequence[Any]], Form], Iterator[bytes]]
_WRITERS: Mapping[str, tuple[_Write, str]] = {
    "csv": (lambda _name, columns, rows, form: table_lines(columns, rows, form), "text/csv"),
    "xlsx": (lambda name, columns, rows, _form: xlsx.workbook(name, columns, rows), xlsx.MIMETYPE),
}


def _engine() -> Engine:
    """The replica, where there is one; else the main database."""
    address = current_app.config["SETTINGS"].database_replica_url
    if address is None:
        return db.engine
    if "replica" not in current_app.extensions:
        current_app.extensions["replica"] = replica = create_engine(sqlalchemy_url(address), poolclass=NullPool)
        register_engine_events(replica, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    return current_app.extensions["replica"]  # type: ignore[no-any-return]
