"""Which pages of other sites may read what the token endpoints answer: those of `CORS_ORIGINS`, and those of the
origins that the asking application is registered with.

No cookie counts there, so that a page can do nothing in its reader's name. A preflight knows nothing of the application
yet and is answered for any origin; the answer itself is readable for the application's own alone.
"""

from flask import Flask, Response, current_app, request

from app.auth.oauth.client import Party
from app.auth.oauth.redirects import origin_of
from app.auth.oauth.server import server

_PATHS = ("/oauth/token", "/oauth/revoke")
_TAKEN = "Authorization, Content-Type, X-Request-ID"
_EXPOSED = "Retry-After, WWW-Authenticate, X-Request-ID"
_PREFLIGHT_SECONDS = "600"


def init_app(app: Flask) -> None:
    @app.before_request
    def answer_preflight() -> Response | None:
        if request.method != "OPTIONS" or request.path not in _PATHS:
            return None
        answer = Response(status=204)
        answer.headers.pop("Content-Type", None)
        answer.headers["Allow"] = "OPTIONS, POST"
        origin = request.headers.get("Origin")
        if origin is not None and "Access-Control-Request-Method" in request.headers:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Methods"] = "POST"
            answer.headers["Access-Control-Allow-Headers"] = _TAKEN
            answer.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
            answer.vary.add("Origin")
        return answer


def allowed(answer: Response) -> Response:
    """The answer, marked for the page that asked where that one may read it."""
    if request.path not in _PATHS:
        return answer
    answer.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is not None and (origin in _of_settings() or origin in _of_application()):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = _EXPOSED
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _of_settings() -> frozenset[str]:
    return frozenset(origin.rstrip("/") for origin in current_app.config["SETTINGS"].cors_origins)


def _of_application() -> frozenset[str]:
    named = request.form.get("client_id") or (request.authorization and request.authorization.username) or ""
    party: Party | None = server().query_client(named)
    return frozenset(map(origin_of, party.application.redirect_uris)) if party else frozenset()
