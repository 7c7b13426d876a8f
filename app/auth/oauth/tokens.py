"""Tokens that come back: to be told of (RFC 7662), or to be ended (RFC 7009)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from app.auth.oauth.client import Party
from app.auth.refresh_tokens.models import RefreshToken
from app.core.addresses import outside_address
from app.extensions import db
from app.identity import authentication, sessions
from app.identity import queries as users
from app.identity.models import Application, UserSession
from app.identity.scopes import in_order


@dataclass(frozen=True)
class IssuedToken:
    """A token of an application's sign-in that lasts. A refresh token may have been used before."""

    text: str
    session: UserSession
    application: Application
    is_spent: bool = False
    is_refresh_token: bool = True

    def check_client(self, client: Party) -> bool:
        return self.application.id == client.application.id

    def get_scope(self) -> str:
        return " ".join(in_order(self.session.scopes or ()))

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return self.is_spent


def find_refresh_token(text: str) -> IssuedToken | None:
    """The refresh token of an application, used or not, while its sign-in lasts."""
    found = db.session.get(RefreshToken, sessions.hash_of(text))
    still_open = users.find_program_session(found.session_id) if found else None
    if found is None or still_open is None or still_open.application is None:
        return None
    return IssuedToken(text, still_open.session, still_open.application, is_spent=found.used_at is not None)


def find_access_token(text: str) -> IssuedToken | None:
    """The access token of an application, while it and its sign-in last."""
    claims = authentication.access_tokens().read(text)
    still_open = users.find_program_session(claims.session_id) if claims else None
    if still_open is None or still_open.application is None:
        return None
    return IssuedToken(text, still_open.session, still_open.application, is_refresh_token=False)


class _Endpoint:
    """What both have in common: a hint is no more than that, and a token is found whatever it says."""

    def check_params(self, request: Any, _client: Party) -> None:
        if "token" not in request.form:
            raise InvalidRequestError("Send the token, as “token” in the body.".replace("“", "").replace("”", ""))

    def query_token(self, token_string: str, _token_type_hint: str | None) -> IssuedToken | None:
        return find_access_token(token_string) or find_refresh_token(token_string)


class Revocation(_Endpoint, RevocationEndpoint):  # type: ignore[misc]
    """An application gives a token back. The sign-in ends that it belongs to, and with it every token of the same."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def revoke_token(self, token: IssuedToken, request: Any) -> None:
        sessions.end_session(token.session.id, reason="revoked")


class Introspection(_Endpoint, IntrospectionEndpoint):  # type: ignore[misc]
    """An application that can keep a secret asks how one of its own tokens stands; of others' it hears nothing."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def check_permission(self, token: IssuedToken, client: Party, request: Any) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: IssuedToken) -> dict[str, Any]:
        session = token.session
        told = {
            "active": True,
            "scope": token.get_scope(),
            "client_id": token.application.identifier,
            "sub": str(session.user_id or session.application_id),
            "iss": outside_address(),
            "iat": _seconds(session.created_at),
            "exp": _seconds(session.expires_at),
        }
        if session.user is not None:
            told["username"] = session.user.username
        return told if token.is_refresh_token else {**told, "token_type": "Bearer", **_times_of(token.text)}


def _times_of(text: str) -> dict[str, int]:
    claims = authentication.access_tokens().read(text)
    return {"iat": claims.issued_at, "exp": claims.expires_at} if claims else {}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
