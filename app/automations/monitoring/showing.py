"""Values as text for a page: JSON in lines, cut where it is long."""

import json
from dataclasses import dataclass
from typing import Any

from app.automations.monitoring.reading import Step

LONGEST = 4_000
"""Characters of a value that a page shows."""
FOLDED_FROM = 14
"""Lines from which a value is folded."""


@dataclass(frozen=True)
class Payload:
    """A part of a step. Without `text` it is too large to be shown here."""

    text: str
    is_cut: bool
    size: int
    says: str

    @property
    def is_long(self) -> bool:
        return self.text.count("\n") >= FOLDED_FROM or self.is_cut

    @property
    def kilobytes(self) -> int:
        return max(1, round(self.size / 1024))


def in_lines(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def says_of(value: Any) -> str:
    """“3 fields”, “12 entries”, for the line above a folded value."""
    if isinstance(value, dict):
        return f"{len(value)} field{'' if len(value) == 1 else 's'}"
    if isinstance(value, list):
        return f"{len(value)} entr{'y' if len(value) == 1 else 'ies'}"
    return ""


def payload(value: Any, size: int = 0) -> Payload:
    text = in_lines(value)
    return Payload(text[:LONGEST], len(text) > LONGEST, max(size, len(text.encode())), says_of(value))


def part_of_step(step: Step, part: str) -> Payload | None:
    """That part of the step for its page; None where it has none."""
    size = step.size(part)
    if not size:
        return None
    value = getattr(step.row, part)
    return Payload("", True, size, "") if value is None else payload(value, size)
