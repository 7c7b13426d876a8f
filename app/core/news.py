"""News for people: what happens in any domain, and is to be told in the portal and by mail.

A domain declares the kinds of news that it sends, beside the values that come with each, in its `events.py`:

    KINDS = declare("assistants", {"match-accepted", …})
    tell(user.id, "match-accepted", name="Ana Pérez", url="/dashboard/matches/…")

`app/notifications` listens, and has words for each kind. A listener runs in the transaction of what it hears of; what
it writes and enqueues counts if that does, and only then. Values are texts, numbers or ids.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from blinker import Signal

_kinds: dict[str, str] = {}

told = Signal("What somebody is to hear of. Sent with `user_id`, `kind` and `values`.")


def declare(domain: str, kinds: Iterable[str]) -> frozenset[str]:
    """Make kinds of news known. Raises ValueError for one that another domain has."""
    declared = frozenset(kinds)
    for kind in declared:
        if _kinds.setdefault(kind, domain) != domain:
            raise ValueError(f"news of the kind {kind!r} come from {_kinds[kind]} already")
    return declared


def kinds() -> frozenset[str]:
    """Every kind of news that any domain sends."""
    return frozenset(_kinds)


def tell(user_id: UUID, kind: str, **values: Any) -> None:
    """Let the user know. Raises ValueError for a kind that nobody has declared."""
    if kind not in _kinds:
        raise ValueError(f"there is no news of the kind {kind!r}")
    told.send(user_id, kind=kind, values=values)
