"""Sessions, whether plain or the request's own."""

from typing import Any, cast

from sqlalchemy.orm import Session, scoped_session

AnySession = Session | scoped_session[Any]


def plain(session: AnySession) -> Session:
    """The session itself, out of `db.session`."""
    return cast("Session", session()) if isinstance(session, scoped_session) else session
