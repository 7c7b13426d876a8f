"""The ways to an access token (RFC 6749 section 4): by code, by refresh token, by the application's own proof."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import request

from app.auth.oauth import queries
from app.auth.oauth.authorization_codes import Code, issue_code, note_what_it_gave, take_code
from app.auth.oauth.client import Party
from app.auth.oauth.policy import scopes_for, scopes_for_company
from app.auth.oauth.tokens import IssuedToken, find_refresh_token
from app.auth.refresh_tokens.operations import refresh_tokens
from app.identity import access_tokens, authentication, sessions
from app.identity.models import Application, User, UserSession
from app.identity.queries import get_user
from app.identity.scopes import in_order
from app.identity.sessions import Device

METHODS = ["client_secret_basic", "client_secret_post", "none"]
LASTS = timedelta(days=90)
"""How long an application may go on before its person signs in again."""


class Pkce(CodeChallenge):  # type: ignore[misc]
    """Proof Key for Code Exchange (RFC 7636), by S256 alone: demanded of public applications, kept to by all."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Send code_challenge_method=S256: no other method is taken.")
        if "code_challenge" not in asked and grant.request.client.application.public:
            raise InvalidRequestError("A public application sends a code_challenge (PKCE, RFC 7636).")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """A person lets an application do a part of what they may do themselves."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Party) -> str:
        asked: str | None = request.payload.redirect_uri
        if asked is None:
            only = client.get_default_redirect_uri()
            if only is None:
                raise InvalidRequestError("Say which redirect_uri: the application has several.")
            return only
        if not client.check_redirect_uri(asked):
            raise InvalidRequestError("The redirect_uri is none of those that the application was registered with.")
        return asked

    def validate_authorization_request(self) -> str:
        """Beyond the library: no more than the person may do counts as asked."""
        redirect_uri: str = super().validate_authorization_request()
        asked = self.request.scope.split()
        allowed = scopes_for(self.request.user, asked)
        if asked and not allowed:
            raise InvalidScopeError("The account may do none of what is asked.", redirect_uri=redirect_uri)
        self.request.scope = " ".join(allowed)
        return redirect_uri

    def generate_authorization_code(self) -> str:
        asked = self.request.payload
        return issue_code(
            self.request.user.id,
            self.request.client.application,
            scopes=self.request.scope.split(),
            redirect_uri=asked.redirect_uri,
            challenge=asked.data.get("code_challenge"),
        )

    def save_authorization_code(self, code: str, request: Any) -> None:
        """It is saved as it is made."""

    def query_authorization_code(self, code: str, client: Party) -> Code | None:
        return take_code(code, client.application)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """It was spent as it was taken."""

    def authenticate_user(self, authorization_code: Code) -> User | None:
        return _person_who_granted(authorization_code.user_id, self.request.client, authorization_code.scopes)

    def generate_token(self, user: User, scope: str, include_refresh_token: bool, **_more: Any) -> dict[str, Any]:
        lasts = LASTS if include_refresh_token else access_tokens.LIFETIME
        session = _start(self.request.client, user, scope.split(), lasts)
        note_what_it_gave(self.request.authorization_code, session)
        refresh_token = refresh_tokens().start(session) if include_refresh_token else None
        return answer(session, refresh_token)


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """An application goes on. Each refresh token works once, and a copied one gives itself away."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def authenticate_refresh_token(self, refresh_token: str) -> IssuedToken | None:
        return find_refresh_token(refresh_token)

    def authenticate_user(self, refresh_token: IssuedToken) -> User | None:
        return refresh_token.session.user

    def issue_token(self, user: User, refresh_token: IssuedToken) -> dict[str, Any]:
        address = request.remote_addr or ""
        refreshed = refresh_tokens().rotate(refresh_token.text, kind="oauth", address=address)
        if refreshed is None:
            raise InvalidGrantError("The refresh token is spent.")
        return answer(refreshed.session, refreshed.token)

    def revoke_old_credential(self, refresh_token: IssuedToken) -> None:
        """It was spent as its successor was made."""


class CompanyGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """An application acts for its company, with no person."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS[:2]

    def generate_token(self, scope: str | None, **_more: Any) -> dict[str, Any]:
        party: Party = self.request.client
        allowed = party.get_allowed_scope(scope)
        if allowed is None:
            raise InvalidScopeError("The application may not ask for all of that.")
        scopes = scopes_for_company(allowed.split())
        if allowed and not scopes:
            raise InvalidScopeError("A company may do none of what is asked.")
        return answer(_start(party, None, scopes, access_tokens.LIFETIME))


def answer(session: UserSession, refresh_token: str | None = None) -> dict[str, Any]:
    """What the application is told of its token (RFC 6749 section 5.1); `scope` is what it may really do."""
    told: dict[str, Any] = {
        "access_token": authentication.access_tokens().issue(session),
        "token_type": "Bearer",
        "expires_in": access_tokens.lifetime_of(session),
        "scope": " ".join(in_order(session.scopes or ())),
    }
    return {**told, "refresh_token": refresh_token} if refresh_token else told


def _start(party: Party, user: User | None, scopes: list[str], lasts: timedelta) -> UserSession:
    application = _held(party)
    device = Device(application.name, request.remote_addr or "")
    started = sessions.start_session(
        user, kind="oauth", device=device, application_id=application.id, scopes=scopes, lifetime=lasts
    )
    return started.session


def _held(party: Party) -> Application:
    """The application, which nobody takes away until the token is issued."""
    held = queries.hold_application(party.application.id)
    if held is None:
        raise InvalidGrantError("The application has been taken away.")
    return held


def _person_who_granted(user_id: UUID, party: Party, scopes: list[str]) -> User | None:
    """The person, while that is still granted and the account is open. The grant is held until the token is issued.

    First the application, then the grant: whoever deletes an application holds them in the same order.
    """
    grant = queries.find_grant(user_id, _held(party).id, for_update=True)
    if grant is None or not set(scopes) <= set(grant.scopes):
        return None
    user = get_user(user_id)
    company_is_open = user.client is None or user.client.status == "active"
    return user if user.is_active and company_is_open else None
