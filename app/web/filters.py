"""How values are written for people: money, numbers, dates, times. English, in the reader's time zone."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

from babel.numbers import format_currency
from flask import Flask, g, has_request_context, request
from flask_login import current_user
from markupsafe import Markup, escape

from app.core.changes.wording import choice_in_words, write_moments
from app.core.clock import now, zone_of
from app.core.dates import day_in_words
from app.core.fitting.wording import many
from app.core.money import decimals_of
from app.core.numbers import rounded
from app.identity.policy import can
from app.web.icons import drawn_at, icon

LOCALE = "en"
_QUOTED = re.compile("“([^“”]*)”")


def init_app(app: Flask) -> None:
    write_moments(at)
    app.jinja_env.filters.update(
        money=money,
        number=number,
        time=at,
        date=day,
        ago=ago,
        duration=duration,
        short_duration=short_duration,
        choice=choice_in_words,
        isolated=isolated,
        breakable=breakable,
    )
    app.jinja_env.globals.update(
        when=when,
        at=at_tag,
        clock=clock,
        day=day_tag,
        icon=icon,
        icon_at=drawn_at,
        many=many,
        may=may,
        problems_of=problems_of,
    )


def isolated(text: str) -> Markup:
    """The text, escaped. What it quotes in letters that run from right to left is set apart, or it would turn the words
    and figures around it."""
    apart, quoted = Markup("“<bdi>{}</bdi>”"), Markup("“{}”")
    told = [
        (apart if _runs_left(part) else quoted).format(part) if at % 2 else escape(part)
        for at, part in enumerate(_QUOTED.split(str(text)))
    ]
    return Markup("").join(told)


def breakable(name: str) -> Markup:
    """A name of the program's such as `project.status_changed`, which may go on in the next line after a dot or a low
    line."""
    return Markup("<wbr>").join(re.split(r"(?<=[._])", name))


def _runs_left(text: str) -> bool:
    return any(bidirectional(letter) in ("R", "AL") for letter in text)


@lru_cache(maxsize=64)
def _pattern(currency: str) -> tuple[str, str, int]:
    """What stands before and after the figures, and how many decimals there are; Babel knows, and is slow."""
    sample = format_currency(Decimal(1), currency, locale=LOCALE, currency_digits=False)
    before, _, after = sample.partition("1.00")
    if before[-1:].isalpha():
        before += "\xa0"
    return before, after, decimals_of(currency)


def money(value: Decimal | float | None, currency: str = "USD") -> str:
    """`$1,499.00`; an amount with more decimals than the currency has keeps two."""
    if value is None:
        return ""
    before, after, places = _pattern(currency)
    if value < 0:
        return f"-{before}{-value:,.{places}f}{after}"
    return f"{before}{value:,.{places}f}{after}"


def number(value: Decimal | float | None, places: int | None = None) -> str:
    """`1,204`; decimals as they are, or rounded half up to `places`."""
    if value is None:
        return ""
    if places is not None:
        value = rounded(Decimal(str(value)), places)
    return f"{value:,}"


def readers_zone() -> tuple[ZoneInfo | None, bool]:
    """The reader's zone and whether it is known: the account's, else the browser's (`tz` cookie), else UTC."""
    if not has_request_context():
        return None, False
    known: tuple[ZoneInfo | None, bool] | None = g.get("readers_zone")
    if known is None:
        chosen = getattr(current_user, "timezone", None)
        zone = zone_of(chosen or "") or zone_of(request.cookies.get("tz", ""))
        known = g.readers_zone = (zone, zone is not None)
    return known


def at(value: datetime | None) -> str:
    """`22 Nov 2026, 18:05`, with “UTC” after it while the reader's zone is not known."""
    if value is None:
        return ""
    zone, known = readers_zone()
    local = value.astimezone(zone or UTC)
    written = f"{day_in_words(local)}, {local:%H:%M}"
    return written if known else f"{written} UTC"


def day(value: date | datetime | None) -> str:
    """`22 Nov 2026`."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(readers_zone()[0] or UTC).date()
    return day_in_words(value)


_STEPS = ((60, "second"), (3600, "minute"), (86400, "hour"), (86400 * 7, "day"))


def ago(value: datetime | None) -> str:
    """`3 minutes ago`, `in 2 hours`; the day itself when it is more than a week away."""
    if value is None:
        return ""
    distance = now() - value
    seconds = int(abs(distance).total_seconds())
    if seconds < 10:
        return "just now"
    size = 1
    for limit, unit in _STEPS:
        if seconds < limit:
            count = seconds // size
            text = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{text} ago" if distance > timedelta(0) else f"in {text}"
        size = limit
    return day(value)


def duration(value: timedelta | None) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if value is None:
        return ""
    seconds = value.total_seconds()
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def short_duration(value: timedelta | None) -> str:
    """The same for what may be over in milliseconds, or last for days: `3 ms`, `0.42 s`, `2 d 4 h`."""
    if value is None:
        return ""
    seconds = value.total_seconds()
    if seconds < 0.1:
        return f"{max(seconds, 0) * 1000:.{1 if 0 < seconds < 0.01 else 0}f} ms"
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds >= 86400:
        days, rest = divmod(round(seconds), 86400)
        return f"{days} d {rest // 3600} h"
    return duration(value)


def clock(value: datetime) -> Markup:
    """The time of day to the second; the moment in full in its title."""
    local = value.astimezone(readers_zone()[0] or UTC)
    return _tag(value, f"{local:%H:%M:%S}", "clock")


def may(permission: str) -> bool:
    """Whether the person who looks at the page has the permission."""
    return can(current_user, permission)


def problems_of(form: Any) -> list[tuple[str, str, str]]:
    """Every error of a form as (id of its control, label, message); no id where it belongs to no field."""
    known = getattr(form, "problems", None)
    if known is not None:
        return list(known)
    found = [("", "", str(message)) for message in form.form_errors]
    for field in form:
        shown = "" if field.type == "CSRFTokenField" else field.id
        found += [(shown, field.label.text if shown else "", str(message)) for message in field.errors]
    return found


def _tag(value: datetime, text: str, style: str) -> Markup:
    stamp = value.astimezone(UTC).isoformat(timespec="seconds")[:19]
    return Markup(  # noqa: S704 - only formatted times go in
        f'<time datetime="{stamp}Z" title="{at(value)}" data-time="{style}">{text}</time>'
    )


def when(value: datetime | None) -> Markup:
    """The moment as its distance from now, the exact time in its title."""
    return Markup("") if value is None else _tag(value, ago(value), "ago")


def at_tag(value: datetime | None) -> Markup:
    """The moment in full."""
    return Markup("") if value is None else _tag(value, at(value), "at")


def day_tag(value: date | datetime | None) -> Markup:
    """The day."""
    if value is None:
        return Markup("")
    if isinstance(value, datetime):
        return _tag(value, day(value), "day")
    return Markup(f'<time datetime="{value.isoformat()}">{day(value)}</time>')  # noqa: S704 - a formatted date
