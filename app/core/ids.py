"""Identifiers."""

import re
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): ordered by time, so that new rows land at the end of an index."""
    return uuid7()


def first_id_of(moment: datetime) -> UUID:
    """The smallest id that can be made at that moment: what is older has a smaller one."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def is_id(text: str) -> bool:
    """Whether a text has the form of an id, which no slug may have: paths name records by either."""
    return _ID.fullmatch(text) is not None


def as_uuid(text: str | None) -> UUID | None:
    """The id that the text is, however it is written; None for any other."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def as_number(text: str) -> int | None:
    """The number that the text is, of those that a row counted by the database may have; None for any other."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def reference(value: str) -> UUID | str:
    """What a path names a record by: its id, or else its slug."""
    return UUID(value) if is_id(value) else value
