"""What the answers of others mean for a try, and keeping what they say."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from app.core.clock import now
from app.core.json_columns import storable_text

LONGEST_WAIT = 3600.0
DEEPEST = 100
_TOO_DEEP = "(nested too deeply to be kept)"


def fails_the_try(status: int) -> bool:
    """Whether another try may get another answer: the service is down, too busy, or was too slow."""
    return status >= 500 or status in (408, 425, 429)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait (RFC 9110, 10.2.3), an hour at most; None where it doesn't say."""
    value = {name.lower(): text for name, text in headers.items()}.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now()).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(LONGEST_WAIT, max(0.0, seconds)) if math.isfinite(seconds) else None


def storable(value: Any, depth: int = 0) -> Any:
    """The value as the database can keep it: without NUL and halves of surrogate pairs, without numbers that JSON has
    no word for, and not so deep that those who read it later run out of stack."""
    match value:
        case str():
            return _storable_text(value)
        case float() if not math.isfinite(value):
            return None
        case list() | dict() if depth >= DEEPEST:
            return _TOO_DEEP
        case list():
            return [storable(item, depth + 1) for item in value]
        case dict():
            return {_storable_text(str(key)): storable(item, depth + 1) for key, item in value.items()}
    return value


def _storable_text(text: str) -> str:
    return text if text.isascii() and "\0" not in text else storable_text(text)
