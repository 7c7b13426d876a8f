"""Which other origins' pages may call the API: those of `CORS_ORIGINS`, with credentials."""

from flask import Flask, Response, request

from app.api.methods import methods_here
from app.core.addresses import under_api

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
TAKEN = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Prefer, X-Request-ID"
EXPOSED = (
    "Link, X-Total-Count, X-Total-Count-Relation, X-Search-Correction, ETag, Location, Idempotency-Replayed, "
    "Preference-Applied, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-ID, Deprecation, Sunset, WWW-Authenticate"
)
PREFLIGHT_SECONDS = "600"


def init_app(app: Flask) -> None:
    origins = frozenset(origin.rstrip("/") for origin in app.config["SETTINGS"].cors_origins)

    @app.before_request
    def answer_options() -> Response | None:
        """OPTIONS has no body to give; a preflight's headers are added below."""
        rule = request.url_rule
        if request.method != "OPTIONS" or rule is None or not under_api():
            return None
        answer = Response(status=204)
        answer.headers.pop("Content-Type", None)
        answer.allow.update(methods_here(app))
        return answer

    @app.after_request
    def allow_origins(answer: Response) -> Response:
        if not under_api():
            return answer
        if origins:
            answer.vary.add("Origin")
        origin = request.environ.get("HTTP_ORIGIN")
        if origin is None or origin not in origins:
            return answer
        headers = answer.headers
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            headers["Access-Control-Allow-Methods"] = METHODS
            headers["Access-Control-Allow-Headers"] = TAKEN
            headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        else:
            headers["Access-Control-Expose-Headers"] = EXPOSED
        return answer
