"""For whom the database is being read and written: which rows a transaction may see at all.

A web request begins as nobody, who sees no company's rows. Once it is known who asks, the request stands for that
company or for staff. What must look across companies before that is known (a sign-in by name, a mailed link) says so:

    with as_system():
        user = queries.find_user(name)

Work outside of requests (commands, jobs) stands for the system. `core/walls.py` tells the database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Standing:
    """Whose rows are in sight: everybody's, or those of one company and one user."""

    sees_all: bool = False
    client_id: UUID | None = None
    user_id: UUID | None = None


SYSTEM = Standing(sees_all=True)
NOBODY = Standing()

_standing: ContextVar[Standing] = ContextVar("standing", default=SYSTEM)

current = _standing.get


def stand_for(standing: Standing) -> None:
    """From here on, to the end of the request, it stands for those."""
    _standing.set(standing)


@contextmanager
def standing_for(standing: Standing) -> Iterator[None]:
    """Inside this block the work stands for those."""
    before = current()
    stand_for(standing)
    try:
        yield
    finally:
        stand_for(before)


@contextmanager
def as_system() -> Iterator[None]:
    """Inside this block the work looks across companies. The caller answers for what it lets out."""
    with standing_for(SYSTEM):
        yield
