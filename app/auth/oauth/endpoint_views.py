"""What applications call: /oauth/token, /oauth/revoke, /oauth/introspect, and the metadata that leads there.

They take no cookie: whoever calls proves itself in the request. Answers and errors are JSON as RFC 6749 section 5 has
it, whatever goes wrong, and no cache keeps them.
"""

from typing import Any

import structlog
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from flask import Blueprint, Flask, Response, jsonify, request, url_for
from werkzeug.exceptions import HTTPException

from app.auth.oauth import hooks
from app.auth.oauth.server import server
from app.core.addresses import outside_address
from app.core.database_errors import explain
from app.core.errors import DomainError
from app.extensions import db
from app.identity.scopes import SCOPES
from app.web.guards import entrance, for_programs, public

log = structlog.get_logger(__name__)
bp = Blueprint("oauth_endpoints", __name__)

METHODS = ["client_secret_basic", "client_secret_post"]
_FOR_PROGRAMS = ("/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known/oauth-authorization-server")


@bp.post("/oauth/token")
@for_programs
@entrance
def token() -> Response:
    """Give tokens for a code, a refresh token, or the application's own proof (RFC 6749 section 3.2)."""
    if not request.form.get("grant_type"):
        return _refused(InvalidRequestError("Send grant_type and the rest form-encoded in the body."))
    return _finished(lambda: server().create_token_response())


@bp.post("/oauth/revoke")
@for_programs
@entrance
def revoke() -> Response:
    """End what a token was issued under (RFC 7009)."""
    return _finished(lambda: server().create_endpoint_response("revocation"))


@bp.post("/oauth/introspect")
@for_programs
@entrance
def introspect() -> Response:
    """Tell how a token stands (RFC 7662)."""
    return _finished(lambda: server().create_endpoint_response("introspection"))


@bp.get("/.well-known/oauth-authorization-server")
@public
def metadata() -> Response:
    """Tell programs what is here (RFC 8414)."""
    base = outside_address()
    told = {
        "issuer": base,
        "authorization_endpoint": base + url_for("oauth.authorize"),
        "token_endpoint": base + url_for("oauth_endpoints.token"),
        "revocation_endpoint": base + url_for("oauth_endpoints.revoke"),
        "introspection_endpoint": base + url_for("oauth_endpoints.introspect"),
        "jwks_uri": f"{base}/api/auth/jwks.json",
        "service_documentation": f"{base}/api/docs",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*METHODS, "none"],
        "revocation_endpoint_auth_methods_supported": [*METHODS, "none"],
        "introspection_endpoint_auth_methods_supported": METHODS,
        "authorization_response_iss_parameter_supported": True,
    }
    answer = jsonify(told)
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _finished(work: Any) -> Response:
    """What comes of it, committed also where it was refused: a code that was tried is spent, a theft ends a sign-in."""
    try:
        answer: Response = work()
    except OAuth2Error as error:
        return _refused(error)
    db.session.commit()
    return hooks.allowed(answer)


def _refused(error: OAuth2Error) -> Response:
    return hooks.allowed(server().answer_error(error))


def _told(status: int, error: str, description: str) -> Response:
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    return answer


def _answer_to(error: Exception) -> Response:
    """Any other error, in the same shape."""
    known = error if isinstance(error, DomainError) else explain(error)
    if known is not None:
        told = "temporarily_unavailable" if known.status in (429, 503) else "invalid_request"
        answer = _told(known.status, told, known.message)
        retry_after = getattr(known, "retry_after", None)
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
    elif isinstance(error, HTTPException) and error.code is not None and error.code >= 400:
        answer = _told(error.code, "invalid_request", f"{error.name}.")
        answer.headers.extend({name: value for name, value in error.get_headers() if name == "Allow"})
    else:
        log.error("request failed", exc_info=error, path=request.path, method=request.method)
        answer = _told(500, "server_error", "Something went wrong on our side.")
    answer.headers["Cache-Control"] = "no-store"
    return hooks.allowed(answer)


def init_app(app: Flask) -> None:
    hooks.init_app(app)
    handle_http, handle_any = app.handle_http_exception, app.handle_user_exception

    def http(error: HTTPException) -> Any:
        return _answer_to(error) if request.path in _FOR_PROGRAMS else handle_http(error)

    def anything(error: Exception) -> Any:
        return _answer_to(error) if request.path in _FOR_PROGRAMS else handle_any(error)

    app.handle_http_exception = http  # type: ignore[method-assign,assignment]
    app.handle_user_exception = anything  # type: ignore[method-assign,assignment]
