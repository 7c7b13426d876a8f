"""Lists as CSV files, streamed: the first rows leave while the last ones are still in the database."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flask import Response, current_app
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool
from werkzeug.exceptions import BadRequest

from app.core.cells import cell
from app.core.clock import today
from app.core.lists import ListQuery, ListSpec, stream
from app.extensions import db
from config import sqlalchemy_url

ROWS_AT_ONCE = 200


def export_csv(spec: ListSpec, query: ListQuery, *, separator: str = ",") -> Response:
    """Every row that matches the query, in its order, as a CSV file.

    The rows come over a connection of their own, without the time limit of requests; it goes back when the last row is
    sent or the reader goes away. Raises `BadRequest` for a separator that is neither comma nor semicolon.
    """
    connection = _engine().connect()
    try:
        connection.execute(text("set transaction read only"))
        connection.execute(text("set local statement_timeout = 0"))
        response = stream_csv(spec, stream(connection, spec, query), separator=separator)
    except BaseException:
        connection.close()
        raise
    response.call_on_close(connection.close)
    return response


def stream_csv(spec: ListSpec, rows: Iterable[Sequence[Any]], *, separator: str = ",") -> Response:
    """A file of these rows, which have the columns of the list. Its first line has the columns' names."""
    if separator not in (",", ";"):
        raise BadRequest("A separator is a comma or a semicolon.")
    response = Response(_chunks(spec, rows, separator), mimetype="text/csv")
    name = f"{spec.table.replace('_', '-')}-{today().isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _chunks(spec: ListSpec, rows: Iterable[Sequence[Any]], separator: str) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([column.name for column in spec.columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % ROWS_AT_ONCE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> bytes:
    content = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return content


def _engine() -> Engine:
    """The replica, where there is one; else the main database."""
    address = current_app.config["SETTINGS"].database_replica_url
    if address is None:
        return db.engine
    if "replica" not in current_app.extensions:
        current_app.extensions["replica"] = create_engine(sqlalchemy_url(address), poolclass=NullPool)
    return current_app.extensions["replica"]  # type: ignore[no-any-return]
