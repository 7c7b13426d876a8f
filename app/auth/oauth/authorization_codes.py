"""Authorization codes: good for one exchange, within a minute (RFC 6749 section 4.1.2, RFC 9700 section 2.1.1).

A code is a one-time token. Whatever comes of it, it is spent by the first exchange that is tried; and when the same
application brings it again, somebody has copied it, and what it gave ends.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.core.audit import SYSTEM, record_event
from app.extensions import db
from app.identity import sessions
from app.identity.models import Application, UserSession

PURPOSE = "oauth-code"
LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True)
class Code:
    """What a person said yes to. The library that speaks OAuth reads it by the names of RFC 6749 and 7636."""

    stored: OneTimeToken

    @property
    def user_id(self) -> UUID:
        assert self.stored.user_id is not None, "a person gave it"
        return self.stored.user_id

    @property
    def scopes(self) -> list[str]:
        return list(self.stored.data["scopes"])

    @property
    def code_challenge(self) -> str | None:
        return self.stored.data["challenge"]  # type: ignore[no-any-return]

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str | None:
        """The redirect URI of the request for the code; None where it was left out."""
        return self.stored.data["redirect_uri"]  # type: ignore[no-any-return]

    def get_scope(self) -> str:
        return " ".join(self.scopes)


def issue_code(
    user_id: UUID, application: Application, *, scopes: list[str], redirect_uri: str | None, challenge: str | None
) -> str:
    """Make a code for the application; the code, which nobody can be told again."""
    data = {
        "application_id": str(application.id),
        "scopes": scopes,
        "redirect_uri": redirect_uri,
        "challenge": challenge,
        "session_id": None,
    }
    return one_time_tokens.issue(PURPOSE, lifetime=LIFETIME, user_id=user_id, data=data)


def take_code(text: str, application: Application) -> Code | None:
    """Take the code; of many exchanges at once, one gets it. None for one that is spent, late or another's.

    When a spent one comes again, what it gave is ended, which the caller commits as well.
    """
    stored = one_time_tokens.use(text, PURPOSE)
    if stored is None:
        _end_what_it_gave(text, application)
        return None
    return Code(stored) if stored.data["application_id"] == str(application.id) else None


def note_what_it_gave(code: Code, session: UserSession) -> None:
    """Keep in mind what to end, should the code come again."""
    code.stored.data = {**code.stored.data, "session_id": str(session.id)}
    db.session.flush()


def _end_what_it_gave(text: str, application: Application) -> None:
    spent = select(OneTimeToken).where(
        OneTimeToken.token_hash == sessions.hash_of(text), OneTimeToken.purpose == PURPOSE
    )
    stored = db.session.scalar(spent.execution_options(populate_existing=True))
    if stored is None or stored.data["application_id"] != str(application.id) or not stored.data["session_id"]:
        return
    if sessions.end_session(UUID(stored.data["session_id"]), reason="theft", actor=SYSTEM) and stored.user is not None:
        details = {"application": application.name}
        record_event(db.session, actor=SYSTEM, action="code-used-twice", about=stored.user, details=details)
