"""When schedules are due, by the wall clocks of zones with changes of every kind."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from flask.testing import FlaskClient

from app.automations.cron_words import words_of
from app.automations.schedules import due_times, last_due, next_due, next_few, plan, problem_of_cron, upcoming
from app.core.clock import zone_of
from app.identity.models import User

BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(moments: list[datetime], zone: str) -> list[str]:
    return [moment.astimezone(zone_of(zone)).isoformat(timespec="minutes") for moment in moments]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Clocks go forward from 2:00 to 3:00: what is skipped is due at 3:00.
        ("30 2 * * *", BERLIN, "2026-03-28 12:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("30 2 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
        # By half an hour: 2:00 to 2:30.
        ("15 2 * * *", LORD_HOWE, "2026-10-03 00:00", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
        ("*/30 1-3 * * *", BERLIN, "2026-03-29 00:20", ["2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00"]),
        ("0,30 2,3 * * *", BERLIN, "2026-03-28 20:00", ["2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"]),
        # Clocks go back from 3:00 to 2:00: what comes twice is due once, the first time.
        ("30 2 * * *", BERLIN, "2026-10-24 12:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04 00:00", ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"]),
        ("0 * * * *", BERLIN, "2026-10-25 00:10", ["2026-10-25T03:00+01:00", "2026-10-25T04:00+01:00"]),
        ("0 * * * *", BERLIN, "2026-10-25 01:30", ["2026-10-25T03:00+01:00", "2026-10-25T04:00+01:00"]),
        ("*/15 * * * *", LORD_HOWE, "2026-04-04 14:50", ["2026-04-05T02:00+10:30", "2026-04-05T02:15+10:30"]),
        # A zone without changes, and a quarter of an hour off.
        ("0 6 * * 1", KATHMANDU, "2026-03-28 12:00", ["2026-03-30T06:00+05:45", "2026-04-06T06:00+05:45"]),
        ("0 0 * * *", KATHMANDU, "2026-03-28 18:15", ["2026-03-30T00:00+05:45", "2026-03-31T00:00+05:45"]),
        # Midnight itself is skipped, and a whole day was.
        ("0 0 * * *", "America/Santiago", "2026-09-05 12:00", ["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"]),
        ("0 12 * * *", "Pacific/Apia", "2011-12-29 23:00", ["2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"]),
    ],
)
def test_due_times_follow_the_clock_on_the_wall(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert told(next_few(cron, zone, utc(after), 2), zone) == expected


@pytest.mark.parametrize("cron", ["*/10 * * * *", "30 2 * * *", "0 */2 * * *", "15,45 1-3 * * *"])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (BERLIN, "2026-03-28"), (BERLIN, "2026-10-24"), (NEW_YORK, "2026-03-07"), (NEW_YORK, "2026-10-31"),
        (LORD_HOWE, "2026-10-03"), (LORD_HOWE, "2026-04-04"), (KATHMANDU, "2026-03-28"),
    ],
)  # fmt: skip
def test_from_wherever_one_looks_the_times_are_the_same(cron: str, zone: str, day: str) -> None:
    start = utc(f"{day} 00:00")
    end = start + timedelta(hours=60)
    whole = list(takewhile(lambda moment: moment < end, due_times(cron, zone, start)))
    assert whole == sorted(set(whole))
    for minutes in range(0, 59 * 60, 7):
        here = start + timedelta(minutes=minutes)
        later = [moment for moment in whole if moment > here]
        earlier = [moment for moment in whole if moment <= here]
        if later:
            assert next_due(cron, zone, here) == later[0], here
        if earlier:
            assert last_due(cron, zone, here) == earlier[-1], here


def test_a_time_that_is_due_this_very_moment_is_not_the_next_but_the_last() -> None:
    at = utc("2026-12-07 05:00")
    assert last_due("0 6 * * 1", BERLIN, at) == at
    assert next_due("0 6 * * 1", BERLIN, at) == at + timedelta(days=7)


@pytest.mark.parametrize(
    "cron", ["", "* * * *", "0 * * * * *", "60 * * * *", "0 0 30 2 *", "0 0 31 4 *", "@daily", "x * * * *", "* * * * 9"]
)
def test_what_is_no_schedule_is_said(cron: str) -> None:
    assert problem_of_cron(cron)


@pytest.mark.parametrize(
    "cron", ["* * * * *", "0 6 * * 1", "0 6 * * MON-FRI", "0 0 29 2 *", "0 0 L * *", "5/15 * * * *"]
)
def test_schedules_that_come_due_are_good(cron: str) -> None:
    assert problem_of_cron(cron) is None


@pytest.mark.parametrize(
    ("missed", "late", "ticks"),
    [
        ("one", timedelta(seconds=1), ["06:00"]),
        ("none", timedelta(seconds=60), ["06:00"]),
        ("none", timedelta(seconds=61), []),
        ("none", timedelta(hours=5, seconds=1), ["11:00"]),
        ("one", timedelta(hours=5, minutes=30), ["11:00"]),
        ("all", timedelta(hours=3, minutes=30), ["06:00", "07:00", "08:00", "09:00"]),
    ],
)
def test_after_a_standstill(missed: str, late: timedelta, ticks: list[str]) -> None:
    due = utc("2026-12-01 06:00")
    found = plan("0 * * * *", "UTC", missed, due, due + late)
    assert [f"{moment:%H:%M}" for moment in found.ticks] == ticks
    assert found.next == (due + late).replace(minute=0, second=0) + timedelta(hours=1)


def test_all_goes_back_a_day_and_no_further() -> None:
    due = utc("2026-01-01 00:00")
    at = due + timedelta(days=30, seconds=5)
    found = plan("* * * * *", "UTC", "all", due, at)
    assert len(found.ticks) == 1440
    assert (found.ticks[0], found.ticks[-1]) == (at.replace(second=0) - timedelta(minutes=1439), at.replace(second=0))
    assert plan("* * * * *", "UTC", "one", due, at).ticks == (at.replace(second=0),)
    assert plan("0 0 1 1 *", "UTC", "all", due, at).ticks == ()
    assert plan("0 0 1 1 *", "UTC", "one", due, at).ticks == (due,)


def test_a_standstill_over_a_change_of_clocks() -> None:
    due = utc("2026-10-24 22:00")
    found = plan("0 * * * *", BERLIN, "all", due, utc("2026-10-25 03:30"))
    assert told(list(found.ticks), BERLIN) == [
        "2026-10-25T00:00+02:00", "2026-10-25T01:00+02:00", "2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00",
        "2026-10-25T04:00+01:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cron", "zone", "after", "notes"),
    [
        ("30 2 * * *", BERLIN, "2026-03-28 12:00", [True, False]),
        ("0 3 * * *", BERLIN, "2026-03-28 12:00", [False, False]),
        ("15 2 * * *", LORD_HOWE, "2026-10-03 00:00", [True, False]),
        ("30 2 * * *", BERLIN, "2026-10-24 12:00", [True, False]),
        ("0 3 * * *", BERLIN, "2026-10-24 12:00", [False, False]),
        ("0 6 * * *", KATHMANDU, "2026-10-24 12:00", [False, False]),
    ],
)
def test_what_a_change_of_clocks_does_to_a_time_is_said(cron: str, zone: str, after: str, notes: list[bool]) -> None:
    assert [bool(one.note) for one in upcoming(cron, zone, utc(after), 2)] == notes


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("* * * * *", "Every minute"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("*/7 * * * *", None),  # The pause before each hour is shorter.
        ("0 * * * *", "Every hour"),
        ("20 * * * *", "Every hour at 20 minutes past"),
        ("0 */6 * * *", "Every 6 hours"),
        ("0 */5 * * *", None),
        ("0 6 * * *", "Every day at 06:00"),
        ("0 6 * * 1", "Every Monday at 06:00"),
        ("30 6,18 * * 1-5", "Monday to Friday at 06:30 and 18:30"),
        ("0 6 * * mon-fri", "Monday to Friday at 06:00"),
        ("0 6 * * 0,6", "Every Saturday and Sunday at 06:00"),
        ("0 6 * * 7", "Every Sunday at 06:00"),
        ("0 0 1,15 * *", "On day 1 and 15 of each month at 00:00"),
        ("0 0 L * *", "On the last day of each month at 00:00"),
        ("0 9 24 12 *", "Every year on 24 December at 09:00"),
        ("0 9 13 * 5", None),
        ("0 0 */2 * 1", None),
        ("0 6 * * 1#1", None),
        ("0-10 6 * * *", None),
        ("* 6 * * *", None),
    ],
)
def test_usual_schedules_in_words(cron: str, words: str | None) -> None:
    assert problem_of_cron(cron) is None
    assert words_of(cron) == words


def test_the_api_tells_when_a_schedule_is_due(as_client: FlaskClient, api: Callable[[User], FlaskClient]) -> None:
    program = api(as_client.user)  # type: ignore[attr-defined]
    answer = program.get("/api/ai-automation/schedule?cron=0 6 * * 1&timezone=Europe/Berlin")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["in_words"] == "Every Monday at 06:00"
    times = [
        (datetime.fromisoformat(one["at"]), datetime.fromisoformat(one["local_time"])) for one in answer.json["next"]
    ]
    assert [at == local for at, local in times] == [True] * 5
    assert {(local.weekday(), local.hour, local.minute) for _, local in times} == {(0, 6, 0)}
    bad = program.get("/api/ai-automation/schedule?cron=0 0 30 2 *&timezone=Mars/Base")
    assert bad.status_code == 422
    assert bad.json is not None
    assert [one["pointer"] for one in bad.json["errors"]] == ["/query/cron", "/query/timezone"]
