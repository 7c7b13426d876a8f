"""The bytes of a file, in the database, so that the worker has them on whichever machine; on disk while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.core.changes.models import ChangePart
from app.core.scratch import scratch_folder
from app.core.tables.rows import MAX_BYTES, Unreadable

PART = 1024 * 1024


def keep(session: Session, change_set_id: UUID, file: IO[bytes]) -> int:
    """Put the file down in parts; its size. Raises `Unreadable` for one that is too large."""
    size = 0
    for number, content in enumerate(iter(lambda: file.read(PART), b"")):
        size += len(content)
        if size > MAX_BYTES:
            raise Unreadable(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it into smaller ones.")
        session.execute(insert(ChangePart).values(change_set_id=change_set_id, number=number, content=content))
    return size


@contextmanager
def on_disk(session: Session, change_set_id: UUID) -> Iterator[Path]:
    """The file at a path, as long as it is being read."""
    query = select(ChangePart.content).where(ChangePart.change_set_id == change_set_id).order_by(ChangePart.number)
    with scratch_folder() as folder:
        path = folder / "file"
        with path.open("wb") as file:
            for content in session.scalars(query.execution_options(yield_per=1)):
                file.write(content)
        yield path


def forget(session: Session, change_set_id: UUID) -> None:
    session.execute(delete(ChangePart).where(ChangePart.change_set_id == change_set_id))
