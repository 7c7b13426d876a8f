"""What operators see of the portal: request ids, a log line for each request, figures, health, reported errors.

Comes first in `create_app`: whatever happens to a request afterwards, it has its id, and its end is logged.
"""

import re
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import Token
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Request, Response, g, got_request_exception, request
from flask.globals import app_ctx, request_ctx
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core import audit
from app.core.chains import caller_in
from app.core.database_errors import without_rows
from app.core.ids import new_id
from app.core.log_context import LogContext, reset_log_context, set_log_context
from app.web import health, metrics
from app.web.logs import configure_logging
from config import Settings

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}").fullmatch
_SECRETS = ("token", "secret", "code")

log = structlog.get_logger("request")


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    configure_logging(settings)
    if number := settings.trusted_proxies:
        told = {"x_for": number, "x_proto": number, "x_host": number, "x_port": number}
        app.wsgi_app = ProxyFix(app.wsgi_app, **told)  # type: ignore[method-assign]
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


@dataclass(slots=True)
class _Request:
    """What is kept between the two ends of a request. It spares the steps between a dozen look-ups of the proxies."""

    id: str
    began: float
    log_token: Token[LogContext]
    audited: AbstractContextManager[None]


def _begin() -> None:
    began = time.perf_counter()
    context = request_ctx.request
    known = request_id_of(context.environ)
    path = context.path
    caller = caller_in(context.environ)
    audited = audit.using_audit_context(
        via="api" if path == "/api" or path.startswith("/api/") else "portal", request_id=known,
        caused_by=None if caller is None else caller.run_id,
    )  # fmt: skip
    audited.__enter__()
    here = app_ctx.g
    here.request_id = known
    here.observed = _Request(known, began, set_log_context(request_id=known), audited)


def _end(answer: Response) -> Response:
    here, context = app_ctx.g, request_ctx.request
    observed: _Request = here.observed
    answer.headers[HEADER] = observed.id
    note_request(
        endpoint=context.endpoint,
        method=context.method,
        path=_path(context),
        status=answer.status_code,
        seconds=time.perf_counter() - observed.began,
        user_id=getattr(here.get("_login_user"), "id", None),
        address=context.remote_addr,
    )
    return answer


def note_request(
    *, endpoint: str | None, method: str, path: str, status: int, seconds: float, address: str | None, **more: Any
) -> None:
    """Count a request that has been answered, and log it."""
    metrics.count_request(endpoint, method, status, seconds)
    log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2), address=address, **more)


def _path(of: Request) -> str:
    """The path without the query, which may hold what a person searched for, and without secrets in the path."""
    path = of.path
    for name, value in (of.view_args or {}).items():
        if name in _SECRETS:
            path = path.replace(str(value), "…")
    return path


def _leave(_error: BaseException | None) -> None:
    observed: _Request | None = app_ctx.g.pop("observed", None)
    if observed is not None:
        observed.audited.__exit__(None, None, None)
        reset_log_context(observed.log_token)


def _log_exception(_app: Flask, exception: BaseException, **_more: Any) -> None:
    log.error("unhandled exception", method=request.method, path=_path(request), exc_info=exception)


def _report_errors(settings: Settings) -> None:
    import sentry_sdk  # noqa: PLC0415 - slow to import, and rarely wanted

    sentry_sdk.init(
        dsn=str(settings.sentry_dsn),
        environment=settings.app_env,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=_without_rows,
    )


def _without_rows(reported: Any, _hint: Any) -> Any:
    for exception in reported.get("exception", {}).get("values", ()):
        exception["value"] = without_rows(str(exception.get("value") or ""))
    return reported
