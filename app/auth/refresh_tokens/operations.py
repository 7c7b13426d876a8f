"""Refresh tokens: each is good for one successor, and a stolen one gives itself away.

A successor is computed from its predecessor with a key that only the application holds. So whoever sends the same
token twice within a moment, as tabs do, is given the same successor, though only hashes are stored.
"""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import cast

import structlog
from flask import current_app
from sqlalchemy import select

from app.auth.refresh_tokens.models import RefreshToken
from app.core.audit import SYSTEM, record_event
from app.core.clock import now
from app.core.events import publish
from app.extensions import db
from app.identity import queries as users
from app.identity import sessions
from app.identity.models import User, UserSession
from app.identity.sessions import hash_of, new_token

log = structlog.get_logger(__name__)

RACE = timedelta(seconds=10)


@dataclass(frozen=True)
class Refreshed:
    session: UserSession
    token: str
    replayed: bool = False
    """Whether the token had been traded in a moment before."""

    @property
    def user(self) -> User:
        assert self.session.user is not None, "whoever has a refresh token is somebody"
        return self.session.user


class RefreshTokens:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def start(self, session: UserSession) -> str:
        """The first refresh token of a sign-in."""
        return self._issue(session, new_token())

    def rotate(self, token: str, *, kind: str = "api", address: str = "") -> Refreshed | None:
        """Take the token's place with its successor. None where the token opens nothing, or no sign-in of that kind.

        A token that comes again later than tabs would send it has been copied: then its whole sign-in has been ended
        and its owner told, which the caller commits as well. `address` is where it came from.
        """
        found = _locked(token)
        still_open = users.find_program_session(found.session_id) if found else None
        if found is None or still_open is None or still_open.session.kind != kind:
            return None
        session = still_open.session
        if found.used_at is None:
            found.used_at = session.last_used_at = now()
            return Refreshed(session, self._issue(session, self._successor(token)))
        if found.used_at > now() - RACE:
            return Refreshed(session, self._successor(token), replayed=True)
        _end_stolen(session, address)
        return None

    def newest_after(self, token: str) -> str:
        """The end of the chain that goes on from `token`: itself, unless that has been traded in already."""
        while True:
            used_at = db.session.scalar(select(RefreshToken.used_at).where(RefreshToken.token_hash == hash_of(token)))
            if used_at is None:
                return token
            token = self._successor(token)

    def _issue(self, session: UserSession, token: str) -> str:
        db.session.add(RefreshToken(token_hash=hash_of(token), session=session))
        db.session.flush()
        return token

    def _successor(self, token: str) -> str:
        digest = hmac.digest(self._key, token.encode("utf-8", "surrogatepass"), sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


def end_sign_in_of(token: str) -> bool:
    """End the person's own sign-in that the refresh token belongs to; tells whether there was one. An application gives
    its tokens back elsewhere, and proves who it is (RFC 7009)."""
    found = _locked(token)
    still_open = users.find_program_session(found.session_id) if found else None
    if found is None or still_open is None or still_open.session.kind != "api":
        return False
    sessions.end_session(found.session_id)
    return True


def _end_stolen(session: UserSession, address: str) -> None:
    """End the sign-in of a refresh token that somebody copied, write it down, and let the owner know."""
    owner = session.user
    sessions.end_session(session.id, reason="theft", actor=SYSTEM)
    log.warning("refresh token used again: sign-in ended", session_id=str(session.id), address=address)
    if owner is not None:
        details = {"device": session.device, "address": session.address, "sent_from": address}
        record_event(db.session, actor=SYSTEM, action="token-theft", about=owner, details=details)
        publish("user.token_theft_detected", about=owner, actor=SYSTEM, device=session.device)


def _locked(token: str) -> RefreshToken | None:
    """The token's row, held so that of many who send it at once one is the first."""
    found = select(RefreshToken).where(RefreshToken.token_hash == hash_of(token))
    return db.session.scalar(found.with_for_update().execution_options(populate_existing=True))


def refresh_tokens() -> RefreshTokens:
    return cast("RefreshTokens", current_app.extensions["refresh_tokens"])
