"""Logs: one JSON object a line, on standard error, with the request or job that each line belongs to."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from app.core.database_errors import without_rows
from app.core.log_context import add_log_context
from config import Settings

_QUIET = ("alembic", "procrastinate", "urllib3", "httpx", "httpcore", "httpx2", "httpcore2", "openai")
"""Some of them write whole addresses, and with them the keys in these, at a level below a warning."""


class _StandardError:
    """Writes to standard error as it is at the moment of writing."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = log = msg


def configure_logging(settings: Settings) -> None:
    """Send our own logs and those of all packages the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[Any] = [
        add_log_context,
        structlog.processors.add_log_level,
        _stamp,
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    renderer = structlog.processors.JSONRenderer(serializer=_serialise)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: _StandardError(),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = _Handler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _Handler)] + [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A frozen clock is for what the portal does, not for when it did it.
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _without_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For errors of the database that came past SQLAlchemy, whose engine takes the rows out by itself."""
    for name in ("exception", "error", "reason"):
        if isinstance(event.get(name), str):
            event[name] = without_rows(event[name])
    return event


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def _serialise(event: dict[str, Any], **_options: Any) -> str:
    return _encoder.encode(event)
