"""The authorization server: Authlib's, on the house's own one-time tokens, sign-ins and tokens.

It knows the grants by code (with PKCE), by refresh token and by client credentials; the implicit grant and the one by
password are left out (RFC 9700 sections 2.1.2 and 2.4).
"""

import logging
from typing import Any, cast
from urllib.parse import unquote_plus

from authlib.common.urls import add_params_to_uri
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error
from flask import Flask, Response, current_app, request
from werkzeug.datastructures import Authorization

from app.auth.brute_force import attempts
from app.auth.oauth import queries
from app.auth.oauth.client import Party, PartyRequest
from app.auth.oauth.grants import CodeGrant, CompanyGrant, Pkce, RefreshGrant
from app.auth.oauth.tokens import Introspection, Revocation
from app.core.addresses import outside_address
from app.identity.scopes import SCOPES
from app.web import limits

EXTENSION = "oauth"


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server, with parameters read strictly and applications known by one proof at a time."""

    def query_client(self, client_id: str) -> Party | None:
        application = queries.find_application(client_id)
        return Party(application) if application else None

    def save_token(self, token: dict[str, Any], request: PartyRequest) -> None:
        """The sign-in that the token was issued under is saved already; the token itself is never stored."""

    def create_oauth2_request(self, _request: Any) -> PartyRequest:
        made = PartyRequest(request, in_query=request.blueprint == "oauth")
        problem = made.payload.problem()
        if problem:
            raise InvalidRequestError(problem)
        return made

    def authenticate_client(self, request: PartyRequest, methods: list[str], endpoint: str = "token") -> Party:
        """The application, by the way that it registered for. Tries are counted before any secret is looked at."""
        method, identifier, secret = _credentials(request)
        party = self.query_client(identifier) if identifier else None
        if not self._is_proved(party, method, secret, methods):
            attempts.count_secret("client-secret", _address())
            raise _NotProved(by_header=method == "client_secret_basic")
        assert party is not None, "nobody is proved to be nobody"
        limits.hit("oauth-token", party.get_client_id(), _address())
        request.auth_method, request.client = method, party
        return party

    @staticmethod
    def _is_proved(party: Party | None, method: str, secret: str, methods: list[str]) -> bool:
        if party is None or method not in methods or not party.check_endpoint_auth_method(method, "token"):
            return False
        return method == "none" or party.check_client_secret(secret)

    def handle_response(self, status: int, payload: Any, headers: list[tuple[str, str]]) -> Response:
        """Answers that go through a person's browser name us (RFC 9207), and are fetched by GET (RFC 9700 section
        4.12); the others are JSON."""
        there = dict(headers).get("Location")
        if there is None:
            return cast("Response", super().handle_response(status, payload, headers))
        return Response(status=303, headers={"Location": add_params_to_uri(there, [("iss", outside_address())])})

    def answer_error(self, error: OAuth2Error) -> Response:
        """The answer to an error that arose before any grant was found."""
        return self.handle_response(*error(None))


def server() -> Server:
    """The authorization server of this application."""
    return cast("Server", current_app.extensions[EXTENSION])


def init_app(app: Flask) -> None:
    # At DEBUG the library logs every token that it issues.
    logging.getLogger("authlib").setLevel(logging.INFO)
    made = app.extensions[EXTENSION] = Server(app)
    made.scopes_supported = list(SCOPES)
    made.register_grant(CodeGrant, [Pkce()])
    made.register_grant(RefreshGrant)
    made.register_grant(CompanyGrant)
    made.register_endpoint(Revocation)
    made.register_endpoint(Introspection)


def _credentials(asked: PartyRequest) -> tuple[str, str, str]:
    """The method of RFC 7591 that the request proves itself by, the identifier and the secret."""
    header: Authorization | None = request.authorization
    form = asked.form
    if "Authorization" in request.headers:
        if "client_secret" in form:
            raise InvalidRequestError("Send the secret in the header or in the body, not in both.")
        if header is None or header.type != "basic":
            raise _NotProved(by_header=True)
        name, secret = _from_form(header.username), _from_form(header.password)
        if form.get("client_id", name) != name:
            raise InvalidRequestError("The header and the body name different applications.")
        return "client_secret_basic", name, secret
    if "client_secret" in form:
        return "client_secret_post", form.get("client_id", ""), form["client_secret"]
    return "none", form.get("client_id", ""), ""


def _from_form(value: str | None) -> str:
    """Names and secrets are form-encoded before they go into the header (RFC 6749 section 2.3.1)."""
    return unquote_plus(value or "")


class _NotProved(InvalidClientError):  # type: ignore[misc]
    """Authlib names a scheme whenever the status is 401; RFC 6749 section 5.2 wants that of a try by header alone."""

    def __init__(self, *, by_header: bool) -> None:
        super().__init__("The application is unknown, or its proof is wrong.", status_code=401)
        self._by_header = by_header

    def get_headers(self) -> list[tuple[str, str]]:
        told = OAuth2Error.get_headers(self)
        return [*told, ("WWW-Authenticate", 'Basic realm="oauth"')] if self._by_header else told


def _address() -> str:
    return request.remote_addr or ""
