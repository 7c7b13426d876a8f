"""When somebody works, as it is taken and answered."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from app.assistants.calendars.working_week import WEEK, slots_of
from app.assistants.matching.facts import Slot
from app.assistants.matching.hours import is_zone
from app.core.clock import here
from app.core.hours import WEEKDAYS, hours_in_words, read_hours
from app.core.numbers import rounded
from app.core.schemas import Day, Input, Line, Number, NumberOut, Output, Week
from app.core.suggestions import offer
from app.core.zones import COMMON, zone_called, zone_names

MOST_SLOTS = 8
"""Spells of work on one day."""

_BEGINS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_ENDS = re.compile(rf"{_BEGINS.pattern}|24:00", re.ASCII)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _known_zone(value: str) -> str:
    found = value if is_zone(value) else zone_called(value, zone_names())
    if found is None:
        raise PydanticCustomError("timezone", "There is no such time zone. Type a city, as in Berlin or Europe/Berlin.")
    return found


Zone = Annotated[
    str,
    Line(60, min_length=1, suggest="timezones", help="Type a city, as in “Europe/Berlin”."),
    AfterValidator(_known_zone),
]


def _pairs(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise PydanticCustomError("hours", "Write hours such as 09:00–12:00, 13:00–17:00.")
    if len(value) > MOST_SLOTS:
        raise PydanticCustomError("hours", f"There may be {MOST_SLOTS} spells of work on a day at most.")
    return [_pair(pair) for pair in value]


def _pair(pair: Any) -> list[str]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(time, str) for time in pair):
        raise PydanticCustomError("hours", "Give each spell of work as two times, such as 09:00 and 17:00.")
    begins, ends = pair
    if not _BEGINS.fullmatch(begins) or not _ENDS.fullmatch(ends):
        raise PydanticCustomError("hours", "Times go from 00:00 to 24:00, as in 09:00–17:00.")
    if begins == ends:
        raise PydanticCustomError("hours", "This ends when it begins. A whole day is 00:00–24:00.")
    return [begins, ends]


# The end may be 24:00, the beginning not; generators read no list whose places differ.
_TIME = {"type": "string", "pattern": f"^({_ENDS.pattern})$"}
Spells = Annotated[
    list[list[str]],
    BeforeValidator(_pairs),
    WithJsonSchema(
        {
            "type": "array",
            "maxItems": MOST_SLOTS,
            "items": {"type": "array", "items": _TIME, "minItems": 2, "maxItems": 2},
            "examples": [[["09:00", "12:00"], ["13:00", "17:00"]]],
        }
    ),
]


def _in_order(weekly: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, Any]:
    """The days from Monday on and their hours in order, without days off; refused where hours overlap."""
    slots = slots_of(weekly)
    for slot, following in zip(slots, (*slots[1:], *slots[:1]), strict=True):
        if len(slots) > 1 and _reach(slot) > _start_after(slot, following):
            raise PydanticCustomError("overlap", _overlap(slot, following))
    return {day: sorted(weekly[day]) for day in WEEKDAYS if weekly.get(day)}


def _reach(slot: Slot) -> int:
    return slot.weekday * 1440 + slot.ends


def _start_after(slot: Slot, following: Slot) -> int:
    begins = following.weekday * 1440 + following.begins
    return begins if (following.weekday, following.begins) > (slot.weekday, slot.begins) else begins + WEEK


def _overlap(slot: Slot, following: Slot) -> str:
    names = list(WEEKDAYS.values())
    if slot.weekday == following.weekday:
        return f"Hours on {names[slot.weekday]} overlap."
    return f"The hours of {names[slot.weekday]} run into those of {names[following.weekday]}."


Weekly = Annotated[dict[Weekday, Spells], AfterValidator(_in_order), Week()]


def _as_stored(value: Decimal) -> Decimal:
    """With two decimals, so that equal hours are equal texts."""
    return rounded(value)


class _Availability(Input):
    """When somebody works: `weekly` by day, in their own `timezone`; `weekly_hours` are on offer, `from` a day on.
    Hours that end no later than they begin end the next day. What is left out of a change stays as it is."""

    timezone: Annotated[Zone, Field(title="Time zone")] = "UTC"
    weekly_hours: Annotated[
        Decimal,
        Number(0, 168, decimals=2, unit="hours", help="How many are on offer."),
        AfterValidator(_as_stored),
        Field(title="Hours a week"),
    ] = Decimal("40.00")
    weekly: Annotated[
        Weekly,
        Field(title="Working hours", description="As in 09:00–12:00, 13:00–17:00. Leave a day off blank."),
    ] = Field(default_factory=dict)


AvailabilityInput = create_model(
    "AvailabilityInput",
    __base__=_Availability,
    __doc__=_Availability.__doc__,
    **{
        "from": (
            Annotated[date | None, Day(help="Blank, if from now on."), Field(title="Available from")],
            None,
        )
    },
)  # type: ignore[call-overload]
AvailabilityOut = create_model(
    "AvailabilityOut",
    __base__=Output,
    timezone=(str, ...),
    weekly_hours=(NumberOut, ...),
    weekly=(dict[Weekday, Spells], ...),
    **{"from": (date | None, ...)},
)  # type: ignore[call-overload]

_COLUMNS = {"timezone": "timezone", "weekly_hours": "weekly_hours", "weekly": "weekly", "from": "available_from"}


def columns_of(availability: Input) -> dict[str, Any]:
    """What was said of it, by the columns that hold it."""
    return {_COLUMNS[name]: getattr(availability, name) for name in availability.model_fields_set}


def all_columns_of(availability: Input) -> dict[str, Any]:
    """The whole of it, what was left out by its default."""
    return {column: getattr(availability, name) for name, column in _COLUMNS.items()}


def in_words(availability: Mapping[str, Any]) -> str:
    """It in a cell of a file: `Europe/Berlin; 30 h; mon 09:00-17:00; from 2026-12-01`."""
    weekly = availability["weekly"]
    days = (f"{day} {hours_in_words(weekly[day], '-')}" for day in WEEKDAYS if weekly.get(day))
    hours = f"{Decimal(str(availability['weekly_hours'])).normalize():f} h"
    begins = availability["from"]
    return "; ".join([availability["timezone"], hours, *days, *([f"from {begins}"] if begins else [])])


_HOURS = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(?:h|hours)(?:\s*a week)?", re.ASCII)
_DAY = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*:?\s+(.+)")
_FROM = re.compile(r"from\s+([0-9]{4}-[0-9]{2}-[0-9]{2})", re.ASCII)
HOW = "Write it as in: Europe/Berlin; 30 h; mon 09:00-12:00, 13:00-17:00; tue 09:00-17:00; from 2026-12-01"


def from_words(text: str) -> dict[str, Any]:
    """What a cell says. Time zone and hours must stand there; days that don't are off. Raises ValueError otherwise."""
    found: dict[str, Any] = {"weekly": {}, "from": None}
    for part in (part.strip() for part in text.split(";")):
        lower = part.lower()
        if match := _HOURS.fullmatch(lower):
            found["weekly_hours"] = match[1].replace(",", ".")
        elif match := _FROM.fullmatch(lower):
            found["from"] = match[1]
        elif (match := _DAY.fullmatch(lower)) and (pairs := read_hours(match[2])):
            found["weekly"][match[1]] = pairs
        elif part and "timezone" not in found:
            found["timezone"] = part
        elif part:
            raise ValueError(HOW)
    if not {"timezone", "weekly_hours"} <= found.keys():
        raise ValueError(HOW)
    return found


def _zones(prefix: str, limit: int) -> list[str]:
    """Those whose city or name begins so: “ber” finds Europe/Berlin. Before anything is typed, the zone of whoever asks
    comes first, then those where many people work."""
    wanted = prefix.strip().casefold().replace(" ", "_")
    if not wanted:
        first = [name for name in (here().zone, *COMMON) if name in zone_names()]
        return list(dict.fromkeys([*first, *zone_names()]))[:limit]
    places = (name.casefold().split("/") for name in zone_names())
    found = [
        name
        for name, parts in zip(zone_names(), places, strict=True)
        if "/".join(parts).startswith(wanted) or any(part.startswith(wanted) for part in parts)
    ]
    return found[:limit]


offer("timezones", _zones, to_all=True)
