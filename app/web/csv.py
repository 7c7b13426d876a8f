"""Lists as files, streamed: the first rows leave while the last ones are still in the database."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import Response, current_app
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool
from werkzeug.exceptions import BadRequest

from app.core.cells import cell
from app.core.clock import today_here
from app.core.engine import attend
from app.core.lists import ListQuery, ListSpec, stream
from app.core.standing import current
from app.core.walls import PINNED
from app.extensions import db
from config import sqlalchemy_url

ROWS_AT_ONCE = 200


def export_csv(spec: ListSpec, query: ListQuery, *, separator: str = ",") -> Response:
    """Every row that matches the query, in its order, as a CSV file.

    See `stream_from_database`. Raises `BadRequest` for a separator that is neither comma nor semicolon.
    """
    return stream_from_database(lambda rows: stream_csv(spec, stream(rows, spec, query), separator=separator))


def stream_from_database(answer: Callable[[Connection], Response]) -> Response:
    """The answer that `answer` makes of rows which it reads over a connection of their own, read-only and without the
    time limit of requests; it goes back when the last row is sent or the reader goes away."""
    # The rows are read when the request is over: for whom, is settled here.
    connection = _engine().connect().execution_options(**{PINNED: current()})
    try:
        connection.execute(text("set transaction read only"))
        connection.execute(text("set local statement_timeout = 0"))
        response = answer(connection)
    except BaseException:
        connection.close()
        raise
    response.call_on_close(connection.close)
    return response


def stream_csv(spec: ListSpec, rows: Iterable[Sequence[Any]], *, separator: str = ",") -> Response:
    """A file of these rows, which have the columns of the list. Its first line has the columns' names."""
    columns = [column.name for column in spec.columns]
    return csv_file(spec.table.replace("_", "-"), columns, rows, separator=separator)


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, separator: str = ",") -> Response:
    """A CSV file (RFC 4180) of these rows, streamed; spreadsheets take no cell of it for a formula."""
    if separator not in (",", ";"):
        raise BadRequest("A separator is a comma or a semicolon.")
    return file_of(_lines(columns, rows, separator), f"{name}-{today_here().isoformat()}.csv", "text/csv")


def file_of(content: Iterable[bytes], name: str, mimetype: str) -> Response:
    """A file to keep, streamed, and kept by no cache."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Any]], separator: str) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
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
        current_app.extensions["replica"] = replica = create_engine(sqlalchemy_url(address), poolclass=NullPool)
        attend(replica, current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    return current_app.extensions["replica"]  # type: ignore[no-any-return]
