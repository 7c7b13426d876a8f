"""The bytes of event logs, in the database until they are read, so that the worker has them on whichever machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.automations.analysis.errors import UnknownFile
from app.automations.analysis.logs.events import BadLog
from app.automations.analysis.logs.opening import MOST_BYTES
from app.automations.analysis.models import EventLogFile, EventLogPart
from app.core.clock import now
from app.core.scratch import scratch_folder
from app.extensions import db

PART = 1024 * 1024
KEPT = timedelta(days=1)
AT_ONCE = 1024 * 1024
"""Bytes up to which a log is read while the person waits."""


def keep(file: IO[bytes], name: str, client_id: UUID | None) -> EventLogFile:
    """Put a file down in parts. Raises `BadLog` for one that is empty or too large."""
    kept = EventLogFile(name=_last_part(name), size=0, client_id=client_id)
    db.session.add(kept)
    db.session.flush()
    for number, content in enumerate(iter(lambda: file.read(PART), b"")):
        kept.size += len(content)
        if kept.size > MOST_BYTES:
            raise BadLog(f"The file is larger than {MOST_BYTES // 1024**2} MB. Compress it with gzip.", at="/file")
        values = {"file_id": kept.id, "number": number, "client_id": client_id, "content": content}
        db.session.execute(insert(EventLogPart).values(values))
    if not kept.size:
        raise BadLog("The file is empty.", at="/file")
    db.session.flush()
    return kept


def get_file(file_id: UUID, client_id: UUID | None) -> EventLogFile:
    """The file of that company, or of none. Raises `UnknownFile`."""
    query = select(EventLogFile).where(
        EventLogFile.id == file_id, EventLogFile.client_id.is_not_distinct_from(client_id)
    )
    found = db.session.scalar(query)
    if found is None:
        raise UnknownFile
    return found


@contextmanager
def on_disk(file_id: UUID) -> Iterator[Path]:
    """The file at a path, as long as it is being read."""
    query = select(EventLogPart.content).where(EventLogPart.file_id == file_id).order_by(EventLogPart.number)
    with scratch_folder() as folder:
        path = folder / "log"
        with path.open("wb") as file:
            for content in db.session.scalars(query.execution_options(yield_per=1)):
                file.write(content)
        yield path


def forget(file_id: UUID) -> None:
    db.session.execute(delete(EventLogFile).where(EventLogFile.id == file_id))


def forget_old() -> int:
    """Delete what nobody has had read within a day."""
    done = db.session.execute(delete(EventLogFile).where(EventLogFile.created_at < now() - KEPT))
    return int(getattr(done, "rowcount", 0))


def _last_part(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[-255:] or "event log"
