"""Which run of an automation makes a call, as a header of the call says it.

The header is sealed, so that it tells nobody anything, and counts only where it comes back to the portal that wrote it:
a workflow that calls this portal is known by it, and what goes round in a circle through the outside can be stopped.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.sealing import Unreadable, seals

HEADER = "Automation-Run"
IN_ENVIRONMENT = f"HTTP_{HEADER.upper().replace('-', '_')}"
LONGEST = 200
_PURPOSE = "automation run"


@dataclass(frozen=True)
class Caller:
    """The run that makes a call. `depth` says how many runs stand above it."""

    run_id: UUID
    depth: int


def header_of(caller: Caller) -> str:
    """The value of the header in calls of that run."""
    sealed = seals().seal(caller.run_id.bytes + bytes([caller.depth]), _PURPOSE)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def caller_in(environ: Mapping[str, Any]) -> Caller | None:
    """The run that makes a request, by its WSGI environment; None where none does, or none of this portal."""
    given = environ.get(IN_ENVIRONMENT)
    if not given or len(given) > LONGEST:
        return None
    try:
        plain = seals().open(urlsafe_b64decode(given + "=" * (-len(given) % 4)), _PURPOSE)
    except (Unreadable, ValueError):
        return None
    return Caller(UUID(bytes=plain[:16]), plain[16])
