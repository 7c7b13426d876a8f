"""Time zones: the rules of the pinned tzdata package on every machine, and zones as people name them.

Python asks the system's files first, and those of a stable distribution can be years old: offsets of coming months are
then wrong. Only Python calculates with zones; PostgreSQL has files of its own, so SQL never does (`tests/cross`).
"""

import unicodedata
import zoneinfo
from collections.abc import Collection
from functools import cache
from zoneinfo import available_timezones

import tzdata

VERSION: str = tzdata.IANA_VERSION
"""The release of the IANA time zone database in use, as in `2026f`."""

COMMON = (
    "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Warsaw", "Europe/Kyiv",
    "Europe/Istanbul", "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi", "Asia/Dubai", "Asia/Kolkata",
    "Asia/Manila", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto",
    "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "UTC",
)  # fmt: skip
"""What is offered before anything is typed: a city or two for each stretch of the earth where many people work."""


def use_package() -> None:
    """Take zones from the package alone, in this process. Whatever was read from the system before is forgotten."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()


def zone_called(text: str, known: Collection[str]) -> str | None:
    """The one of the `known` zones that is meant by its name in any case (`europe/berlin`), or by its city alone
    (`berlin`, `são paulo`); None where there is none, or several."""
    if text in known:
        return text
    wanted = _fold(text)
    found = [name for name in known if _fold(name) == wanted]
    found = found or [name for name in known if _fold(name.rpartition("/")[2]) == wanted]
    return found[0] if len(found) == 1 else None


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return plain.strip().replace(" ", "_")


@cache
def zone_names() -> list[str]:
    """The names of time zones that a person would choose: places, and UTC."""
    return sorted(
        name for name in available_timezones() if name == "UTC" or ("/" in name and not name.startswith("Etc/"))
    )
