"""What operators see of the portal: request ids, a log line for each request, figures, health, reported errors.

Comes first in `create_app`: whatever happens to a request afterwards, it has its id, and its end is logged.
"""

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import structlog
from flask import Flask, Response, g, got_request_exception, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import audit
from app.core.ids import new_id
from app.web import health, metrics
from app.web.logs import configure_logging
from config import Settings

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}").fullmatch
_SECRET_PARTS = ("token", "code", "key")

log = structlog.get_logger("request")


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    configure_logging(settings)
    if number := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number, x_host=number)  # type: ignore[method-assign]
    if settings.sentry_dsn:
        _report_errors(settings)
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)
    got_request_exception.connect(_log_exception, app)
    app.log_exception = lambda _info: None  # type: ignore[assignment,method-assign]  # _log_exception does it
    health.init_app(app)
    metrics.init_app(app)


def request_id() -> str:
    """The id of the present request."""
    return str(g.request_id)


def request_id_of(environ: Mapping[str, Any]) -> str:
    """The caller's name for the request, if it is sane, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _SANE(given) else str(new_id())


def _begin() -> None:
    g.request_id = request_id_of(request.environ)
    g.began = time.perf_counter()
    clear_contextvars()
    bind_contextvars(request_id=g.request_id)
    via = "api" if request.path == "/api" or request.path.startswith("/api/") else "portal"
    g.origin = ExitStack()
    g.origin.enter_context(audit.originating(via=via, request_id=g.request_id))


def _end(answer: Response) -> Response:
    seconds = time.perf_counter() - g.began
    answer.headers[HEADER] = g.request_id
    note_request(
        endpoint=request.endpoint,
        method=request.method,
        path=_path(),
        status=answer.status_code,
        seconds=seconds,
        user_id=getattr(g.get("_login_user"), "id", None),
        address=request.remote_addr,
    )
    return answer


def note_request(
    *, endpoint: str | None, method: str, path: str, status: int, seconds: float, address: str | None, **more: Any
) -> None:
    """Count a request that has been answered, and log it."""
    metrics.count_request(endpoint, method, status, seconds)
    log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2), address=address, **more)


def _path() -> str:
    """The path without the query, which may hold what a person searched for, and without secrets in the path."""
    path = request.path
    for name, value in (request.view_args or {}).items():
        if any(part in name for part in _SECRET_PARTS):
            path = path.replace(str(value), "…")
    return path


def _leave(_error: BaseException | None) -> None:
    origin: ExitStack | None = g.pop("origin", None)
    if origin is not None:
        origin.close()
    clear_contextvars()


def _log_exception(_app: Flask, exception: BaseException, **_more: Any) -> None:
    log.error("unhandled exception", method=request.method, path=_path(), exc_info=exception)


def _report_errors(settings: Settings) -> None:
    import sentry_sdk  # noqa: PLC0415 - slow to import, and rarely wanted

    sentry_sdk.init(
        dsn=str(settings.sentry_dsn),
        environment=settings.app_env,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
    )
