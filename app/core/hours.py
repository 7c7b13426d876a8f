"""Hours of a day as people write them: `09:00–12:00, 13:00–17:00`. As data they are pairs of times. And how long
something took: `7 h 30 min`."""

import re
from collections.abc import Sequence

WEEKDAYS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip

_SPAN = re.compile(
    r"\s*(?P<h1>[0-9]{1,2})(?:[:.](?P<m1>[0-9]{2}))?\s*(?:-|–|—|to)\s*(?P<h2>[0-9]{1,2})(?:[:.](?P<m2>[0-9]{2}))?\s*",
    re.ASCII,
)


def read_hours(text: str) -> list[list[str]] | None:
    """The pairs of times that a text says; none for an empty one, None where it says something else.

    `9-12, 13:30 to 17` is understood; whether the times exist is for the caller to judge.
    """
    if not text.strip():
        return []
    pairs = []
    for part in re.split(r"[,;]", text):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        pairs.append([f"{int(match['h1']):02}:{match['m1'] or '00'}", f"{int(match['h2']):02}:{match['m2'] or '00'}"])
    return pairs


def hours_in_words(pairs: Sequence[Sequence[str]], dash: str = "–") -> str:
    """What `read_hours` reads."""
    return ", ".join(f"{begins}{dash}{ends}" for begins, ends in pairs)


def minutes_in_words(minutes: int) -> str:
    """`7 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)
