"""Time zones are those of the pinned package, whatever files the machine has, and are found by their cities."""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.assistants.matching.facts import WEEKDAYS
from app.assistants.matching.hours import Times, steady_offset, weeks_together
from app.core import zones
from app.core.clock import being_here
from app.core.suggestions import suggest
from app.core.zones import zone_names
from app.extensions import db
from app.web.filters import zone_of
from tests.factories.matching import a_week

MONDAY = datetime(2027, 1, 11).date()


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("America/Vancouver", -7), ("America/Edmonton", -6), ("America/Winnipeg", -5), ("Africa/Casablanca", 0)],
)
def test_rules_of_2026_hold_in_the_winter_after(app: object, zone: str, hours: int) -> None:
    place = zone_of(zone)
    assert place is not None
    assert datetime(2027, 1, 15, 12, tzinfo=UTC).astimezone(place).utcoffset() == timedelta(hours=hours)
    assert steady_offset(zone, MONDAY) == hours * 60


def test_vancouver_works_with_phoenix_all_day_in_january(app: object) -> None:
    phoenix = Times("America/Phoenix", (9 * 60, 17 * 60), WEEKDAYS[:5])
    (found,) = weeks_together("America/Vancouver", a_week(9, 17), phoenix, MONDAY, 1) or ()
    assert (found.common, found.wanted) == (40 * 60, 40 * 60)


def test_no_file_of_the_machine_is_asked(app: object) -> None:
    assert zoneinfo.TZPATH == ()


def test_what_was_read_from_the_machine_before_is_forgotten() -> None:
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo("America/Vancouver")
    zones.use_package()
    assert datetime(2027, 1, 15, tzinfo=zoneinfo.ZoneInfo("America/Vancouver")).utcoffset() == timedelta(hours=-7)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("EUROPE/berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("São Paulo", "America/Sao_Paulo"),
        ("utc", "UTC"),
        ("Mars", None),
        ("", None),
    ],
)
def test_a_zone_is_found_by_its_city(typed: str, meant: str | None) -> None:
    assert zones.zone_called(typed, zone_names()) == meant


def test_the_account_takes_a_city(as_client: Any, db_session: Any) -> None:
    answer = as_client.post("/account", data={"timezone": "berlin", "theme": "auto"})
    assert answer.status_code == 303
    assert 'value="Europe/Berlin"' in as_client.get("/account").text


@pytest.mark.parametrize("path", ["/account", "/dashboard/matches/new"])
def test_zones_are_fetched_while_typing(as_client: Any, path: str) -> None:
    page = as_client.get(path).text
    assert 'data-options-url="/dashboard/suggestions/timezones"' in page
    assert "Europe/Berlin" in as_client.get("/dashboard/suggestions/timezones?q=berl").text


def test_the_browsers_zone_is_proposed(as_client: Any) -> None:
    as_client.set_cookie("tz", "Pacific/Auckland")
    assert 'value="Pacific/Auckland"' in as_client.get("/dashboard/matches/new").text


def test_before_anything_is_typed_the_own_zone_and_common_ones_come_first(app: object) -> None:
    with being_here(None, "Asia/Tokyo"):
        offered = suggest(db.session, "timezones", limit=50)
    assert offered[:3] == ["Asia/Tokyo", "Europe/London", "Europe/Berlin"]
    assert (len(offered), len(set(offered))) == (50, 50)
    assert set(zones.COMMON) <= set(offered) <= set(zone_names())
    with being_here(None, "Mars/Olympus"):
        assert suggest(db.session, "timezones", limit=1_000)[0] == "Europe/London"
    assert sorted(suggest(db.session, "timezones", limit=1_000)) == zone_names()


@pytest.mark.parametrize("path", ["/account", "/dashboard/matches/new", "/dashboard/suggestions/timezones"])
def test_pages_offer_the_zone_of_the_browser_first(as_client: Any, path: str) -> None:
    as_client.set_cookie("tz", "Pacific/Chatham")
    options = re.findall(r'<option value="([A-Z][a-z]+/\w+)">', as_client.get(path).text)
    assert options[:2] == ["Pacific/Chatham", "Europe/London"]
