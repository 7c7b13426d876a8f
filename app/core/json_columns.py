"""JSON from outside, as a column keeps it."""

import json
import math
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

REPLACEMENT = "\ufffd"


class KeptJSON(TypeDecorator[Any]):
    """`jsonb` for what others have sent. PostgreSQL refuses some of what JSON may hold, and the statement with it: NUL
    characters, halves of surrogate pairs, numbers beyond all bounds. The characters are kept as U+FFFD, such numbers as
    null, what isn't JSON as its text. None is NULL."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Any) -> Any:
        return storable(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)


def storable(value: Any) -> Any:
    """The same value, or the nearest one that PostgreSQL can keep."""
    if value is None:
        return None
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        if "\\u0000" in text:
            return _mended(value)
        text.encode()
    except (TypeError, ValueError):  # UnicodeEncodeError is one of these
        return _mended(value)
    return value


def stored_text(value: Any) -> str:
    """The JSON text of what `storable` makes of it, for a statement that writes many rows out of one document. Ids and
    times are texts there."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
        text.encode()
        if "\\u0000" not in text:
            return text
    except (TypeError, ValueError):
        pass
    return json.dumps(_mended(value), ensure_ascii=False)


def storable_text(text: str) -> str:
    """The same text, with U+FFFD for what PostgreSQL can't keep of it."""
    return text.replace("\0", REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _mended(value: Any) -> Any:
    match value:
        case str():
            return storable_text(value)
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int():
            return value
        case list() | tuple():
            return [_mended(item) for item in value]
        case dict():
            return {_mended(str(name)): _mended(item) for name, item in value.items()}
    return _mended(str(value))
