"""Identifiers."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): ordered by time, so that new rows land at the end of an index."""
    return uuid7()
