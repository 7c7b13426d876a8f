"""How reasons write numbers: as few figures as say it."""

from collections.abc import Sequence
from decimal import Decimal


def plain(value: Decimal | float, places: int = 2) -> str:
    """`20`, `7.5`, `1,027.58`: rounded to so many places, without zeros at the end."""
    written = f"{value:,.{places}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def many(count: int, noun: str, nouns: str = "") -> str:
    """`1 week`, `3 weeks`; `nouns` where more are not called by an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {nouns or noun + 's'}"


def hours(value: Decimal | float) -> str:
    """`1 hour`, `7.5 hours`."""
    written = plain(value)
    return f"{written} hour" if written == "1" else f"{written} hours"


def percent(share: float) -> str:
    """`60 %`."""
    return f"{plain(100 * share, 0)} %"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
