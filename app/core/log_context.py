"""What every log line of the present work belongs to: a request, a job."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

LogContext = Mapping[str, Any]

_context: ContextVar[LogContext] = ContextVar("log_context")


def set_log_context(**values: Any) -> Token[LogContext]:
    """Name these in every line from here on, in place of what was named before."""
    return _context.set(values)


def reset_log_context(token: Token[LogContext]) -> None:
    _context.reset(token)


@contextmanager
def log_context(**values: Any) -> Iterator[None]:
    """Name these in every line inside the block."""
    token = set_log_context(**values)
    try:
        yield
    finally:
        reset_log_context(token)


def add_log_context(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For the chain of processors; what the line itself names goes first."""
    context = _context.get(None)
    if context:
        for name, value in context.items():
            event.setdefault(name, value)
    return event
