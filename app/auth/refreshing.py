"""Refresh tokens: each is good for one successor, and a stolen one gives itself away.

A successor is computed from its predecessor with a key that only the application holds. So whoever sends the same
token twice within a moment, as tabs do, is given the same successor, though only hashes are stored.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import select

from app.auth import operations, queries, sessions
from app.auth.models import RefreshToken, User, UserSession
from app.core.clock import now
from app.extensions import db

RACE = timedelta(seconds=10)


@dataclass(frozen=True)
class Refreshed:
    session: UserSession
    token: str

    @property
    def user(self) -> User:
        assert self.session.user is not None, "whoever has a refresh token is somebody"
        return self.session.user


class RefreshTokens:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def start(self, session: UserSession) -> str:
        """The first refresh token of a sign-in."""
        return self._issue(session, sessions.new_token())

    def rotate(self, token: str) -> Refreshed | None:
        """Take the token's place with its successor. None where the token opens nothing.

        A token that comes again later than tabs would send it has been copied: then its whole sign-in has been ended,
        which the caller commits as well.
        """
        found = _locked(token)
        if found is None:
            return None
        still_open = queries.find_program_session(found.session_id)
        if still_open is None:
            return None
        session = still_open.session
        if found.used_at is None:
            found.used_at = session.last_used_at = now()
            return Refreshed(session, self._issue(session, self._successor(token)))
        if found.used_at > now() - RACE:
            return Refreshed(session, self._successor(token))
        operations.end_session(session.id)
        return None

    def _issue(self, session: UserSession, token: str) -> str:
        db.session.add(RefreshToken(token_hash=sessions.hash_of(token), session=session))
        db.session.flush()
        return token

    def _successor(self, token: str) -> str:
        digest = hmac.digest(self._key, token.encode("utf-8", "surrogatepass"), sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def end_sign_in_of(token: str) -> bool:
    """End the sign-in that the refresh token belongs to; tells whether there was one."""
    found = _locked(token)
    if found is None or queries.find_program_session(found.session_id) is None:
        return False
    operations.end_session(found.session_id)
    return True


def _locked(token: str) -> RefreshToken | None:
    """The token's row, held so that of many who send it at once one is the first."""
    found = select(RefreshToken).where(RefreshToken.token_hash == sessions.hash_of(token))
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True))
