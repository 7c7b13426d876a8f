"""Opens the file of an event log: finds out what it is, and reads it."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.automations.analysis.logs.events import BadLog, EventLog
from app.automations.analysis.logs.table_logs import Progress, Settings, read_table
from app.automations.analysis.logs.xes import read_xes
from app.core.scratch import scratch_folder
from app.core.tables.rows import Unreadable

MOST_BYTES = 100 * 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_CHUNK = 1024 * 1024
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_log(path: Path, settings: Settings, progress: Progress = lambda _: None) -> EventLog:
    """The event log in a file. Raises `BadLog`."""
    with _unpacked(path) as plain:
        try:
            log = (read_xes if _is_xml(plain) else read_table)(plain, settings, progress)
        except Unreadable as error:
            raise BadLog(error.message, at="/file") from None
        except UnicodeError:
            raise BadLog("This isn’t text. An event log is a table (CSV, XLSX, ODS) or XES.", at="/file") from None
    log.join_starts()
    if not len(log):
        raise BadLog(_nothing_in(log), at="/file")
    return log


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    with path.open("rb") as file:
        if file.read(2) != _GZIP:
            yield path
            return
    with scratch_folder() as folder:
        plain = folder / "log"
        try:
            _unpack(path, plain)
        except (OSError, EOFError, zlib.error):
            raise BadLog("The file begins as one compressed by gzip, but can’t be unpacked.", at="/file") from None
        yield plain


def _unpack(packed: Path, plain: Path) -> None:
    size = 0
    with gzip.open(packed) as source, plain.open("wb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > MOST_UNPACKED:
                raise BadLog(f"Unpacked, the file is larger than {MOST_UNPACKED // 1024**3} GiB.", at="/file")
            target.write(chunk)


def _is_xml(path: Path) -> bool:
    with path.open("rb") as file:
        beginning = file.read(4_096)
    for mark in _MARKS:
        beginning = beginning.removeprefix(mark)
    return beginning.replace(b"\0", b"").lstrip().startswith(b"<")


def _nothing_in(log: EventLog) -> str:
    if log.wrong:
        first = log.wrong[0]
        return f"None of {log.wrong_count:,} rows can be read. Row {first.number}: {first.message}"
    return "The log has no events."
