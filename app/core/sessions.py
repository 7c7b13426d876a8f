"""Sessions, whether plain or the request's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

AnySession = Session | scoped_session[Any]


class CommitRefused(RuntimeError):
    """Somebody else commits what is done here: a mistake of ours, and no use to try again."""


def plain(session: AnySession) -> Session:
    """The session itself, out of `db.session`."""
    return cast("Session", session()) if isinstance(session, scoped_session) else session


@contextmanager
def without_commits(session: AnySession) -> Iterator[None]:
    """Raise `CommitRefused` where the block commits the transaction or the savepoint that it began in.

    Savepoints that it makes itself are its own.
    """
    guarded = plain(session)
    savepoint = guarded.get_nested_transaction()

    def refuse(committing: Session) -> None:
        if committing.get_nested_transaction() is savepoint:
            raise CommitRefused("The caller commits. A task that commits itself says so: @task(…, commits=True).")

    event.listen(guarded, "before_commit", refuse)
    try:
        yield
    finally:
        event.remove(guarded, "before_commit", refuse)
