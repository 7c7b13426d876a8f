"""Event logs as tools and people write them, and files that are none."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.automations.analysis.logs import opening, table_logs
from app.automations.analysis.logs.events import NOT_SAID, BadLog, EventLog, moment_of
from app.automations.analysis.logs.measuring import measure
from app.automations.analysis.logs.moments import Moments
from app.automations.analysis.logs.table_logs import Settings
from app.automations.analysis.logs.xes import keys_of
from tests.automations.event_logs import named, read, xes, xes_event

BERLIN = ZoneInfo("Europe/Berlin")


def _times(log: EventLog) -> list[str]:
    return [moment_of(value).isoformat() for value in log.columns().at.tolist()]


def _ways(log: EventLog) -> list[tuple[list[str], int]]:
    return [(one["activities"], one["cases"]) for one in measure(log)["variants"]]


# Tables


def test_a_german_export_is_read_as_it_is(tmp_path: Path) -> None:
    content = (
        "Auswertung Rechnungseingang\n\n"
        "Vorgangsnummer;Tätigkeit;Beginn;Ende;Bearbeiter\n"
        "R-1;Prüfen;03.11.2026 09:00;03.11.2026 09:20;Jörg\n"
        "R-1;Buchen;03.11.2026 10:00;03.11.2026 10:05;Ana\n"
    )
    log = read(tmp_path, content.encode("cp1252"), zone=BERLIN)
    assert _times(log) == ["2026-11-03T08:20:00+00:00", "2026-11-03T09:05:00+00:00"]
    assert (log.activities.all(), log.resources.all()) == (["Prüfen", "Buchen"], ["Jörg", "Ana"])
    assert measure(log)["working_hours"] == 0.4167


@pytest.mark.parametrize(
    "heading",
    [
        "case:concept:name,concept:name,time:timestamp,org:resource",
        "Case ID,Activity,Complete Timestamp,Resource",
        "N° de dossier,Étape,Date de fin,Exécutant",
        "fall_id,Aktivität,Zeitstempel,Mitarbeiter",
        "CaseID,EventName,Timestamp,User",
    ],
)
def test_columns_are_known_by_what_they_are_called(tmp_path: Path, heading: str) -> None:
    log = read(tmp_path, f"{heading}\n1,a,2026-11-03T09:00:00Z,Ana\n1,b,2026-11-03T10:00:00+02:00,Ben\n")
    assert _times(log) == ["2026-11-03T08:00:00+00:00", "2026-11-03T09:00:00+00:00"]
    assert _ways(log) == [(["b", "a"], 1)]
    assert log.resources.all() == ["Ana", "Ben"]


def test_columns_of_any_name_can_be_chosen(tmp_path: Path) -> None:
    content = "Nr\tWas\tWann\n1\ta\t2026-11-03 09:00\n"
    with pytest.raises(
        BadLog, match=r"No column was found for “Case” and “Activity”.*The file has: Nr, Was, Wann"
    ) as told:
        read(tmp_path, content)
    assert told.value.errors[0].pointer == "/columns/case"
    log = read(tmp_path, content, columns={"case": "nr", "activity": "WAS", "at": "Wann"})
    assert _ways(log) == [(["a"], 1)]


def test_a_day_that_could_be_two_is_asked_about(tmp_path: Path) -> None:
    content = "case,activity,time\n1,a,03/11/2026 9:00 AM\n1,b,03/12/2026 2:05 PM\n"
    with pytest.raises(BadLog, match="day first or the month first") as told:
        read(tmp_path, content)
    assert told.value.errors[0].pointer == "/day_order"
    assert _times(read(tmp_path, content, day_order="dmy"))[1] == "2026-12-03T14:05:00+00:00"
    assert _times(read(tmp_path, content + "2,a,03/25/2026 12:00 AM\n"))[2] == "2026-03-25T00:00:00+00:00"


def test_rows_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "case,activity,start,end\n"
        "1,a,2026-11-03 09:00,2026-11-03 09:30\n"
        ",a,,2026-11-03 09:30\n"
        "1,,,2026-11-03 09:30\n"
        "1,b,2026-11-03 11:00,2026-11-03 10:30\n"
        "1,c,,soon\n"
        "1,d,,\n"
        '1,"e,,2026-11-03 12:00\n'
        "1,f,,2026-11-03 12:00\n",
    )
    found = measure(log)
    assert [one["row"] for one in found["wrong_rows"]] == [3, 4, 5, 6, 7, 8]
    assert [one["message"] for one in found["wrong_rows"]][:5] == [
        "It doesn’t say to which case it belongs.",
        "It doesn’t say what was done.",
        "It ends before it begins.",
        "'soon' is no time. Give a date and a time, as in 2026-12-01 14:05.",
        "It has no time (the end).",
    ]
    assert (found["events"], found["wrong_rows_total"]) == (2, 6)


def test_only_the_first_wrong_rows_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    wrong = "1,x,never\n" * 300
    found = measure(read(tmp_path, f"case,activity,time\n1,a,2026-11-03 09:00\n{wrong}"))
    assert (len(found["wrong_rows"]), found["wrong_rows_total"]) == (100, 300)


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("2026-11-03T09:05:07.123456+01:00", "2026-11-03T08:05:07.123456+00:00"),
        ("2026-11-03 09:05:07 +0100", "2026-11-03T08:05:07+00:00"),
        ("3.11.2026, 9:05 Uhr", "2026-11-03T09:05:00+00:00"),
        ("3 Nov 2026 09:05:07,5", "2026-11-03T09:05:07.500000+00:00"),
        ("25/11/2026 12:30 a.m.", "2026-11-25T00:30:00+00:00"),
        ("2026/11/03 24:00", "2026-11-04T00:00:00+00:00"),
        ("le 3", None),
        ("3 novembre 2026 14h05", "2026-11-03T14:05:00+00:00"),
        ("1767225600", "2026-01-01T00:00:00+00:00"),
        ("1767225600123", "2026-01-01T00:00:00.123000+00:00"),
        ("2026-11-03 25:00", None),
        ("31.2.2026 09:00", None),
        ("13:00 PM", None),
        ("", None),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, read_as: str | None) -> None:
    if read_as is None:
        with pytest.raises(ValueError, match="Give a date and a time"):
            Moments(UTC).read(text)
    else:
        assert moment_of(Moments(UTC).read(text)) == datetime.fromisoformat(read_as)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_outside_of_all_years_makes_a_wrong_row(tmp_path: Path, text: str) -> None:
    found = measure(read(tmp_path, f"case,activity,timestamp\n1,Read,2026-11-03T09:00:00Z\n1,Book,{text}\n"))
    assert (found["events"], found["wrong_rows_total"]) == (1, 1)


def test_the_hour_that_comes_twice_is_the_first() -> None:
    assert moment_of(Moments(BERLIN).read("25.10.2026 02:30")).isoformat() == "2026-10-25T00:30:00+00:00"


# XES


def test_starts_and_completions_become_one_event(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        xes(
            named("1")
            + xes_event("a", "2026-11-03T09:00:00.000+01:00", lifecycle__transition="start", org__resource="Ana")
            + xes_event("a", "2026-11-03T09:10:00.000+01:00", lifecycle__transition="start", org__resource="Ben")
            + xes_event("a", "2026-11-03T09:30:00.000+01:00", lifecycle__transition="COMPLETE", org__resource="Ana")
            + xes_event("a", "2026-11-03T09:50:00.000+01:00", lifecycle__transition="complete", org__resource="Ben")
            + xes_event("b", "2026-11-03T10:00:00.000+01:00", lifecycle__transition="schedule")
            + xes_event("b", "2026-11-03T10:20:00.000+01:00", lifecycle__transition="complete")
            + xes_event("c", "2026-11-03T11:20:00.000+01:00", lifecycle__transition="start")
        ),
    )
    found = measure(log)
    assert _ways(log) == [(["a", "a", "b"], 1)]
    assert (found["working_hours"], found["waiting_hours"]) == (0.5 + 0.6667, 0.5)
    assert found["notes"] == [
        "1 events are neither a start nor an end of an activity; they are left out.",
        "1 activities began and have no end; they are left out.",
    ]


def test_instances_tell_which_start_belongs_to_which_end(tmp_path: Path) -> None:
    times = [
        ("start", "09:00", "i1"),
        ("start", "09:10", "i2"),
        ("complete", "09:20", "i2"),
        ("complete", "10:00", "i1"),
    ]
    events = "".join(
        xes_event("a", f"2026-11-03T{time}:00Z", lifecycle__transition=kind, concept__instance=one)
        for kind, time, one in times
    )
    columns = read(tmp_path, xes(events)).columns()
    assert [(end - begin) // 60_000_000 for begin, end in zip(columns.started_at, columns.at, strict=True)] == [10, 60]


def test_a_start_and_an_end_at_the_same_moment_belong_together(tmp_path: Path) -> None:
    events = xes_event("a", "2026-11-03T09:00:00Z", lifecycle__transition="complete") + xes_event(
        "a", "2026-11-03T09:00:00Z", lifecycle__transition="start"
    )
    found = measure(read(tmp_path, xes(events)))
    assert (found["events"], found["working_hours"], found["notes"]) == (1, 0.0, [])


def test_a_log_of_starts_alone_counts_them(tmp_path: Path) -> None:
    events = xes_event("a", "2026-11-03T09:00:00Z", lifecycle__transition="start")
    log = read(tmp_path, xes(events, events))
    assert _ways(log) == [(["a"], 2)]
    assert log.columns().started_at.tolist() == [NOT_SAID, NOT_SAID]
    assert log.notes == ["The log only says when activities began, so their duration isn’t known."]


def test_a_classifier_says_what_an_activity_is(tmp_path: Path) -> None:
    head = (
        '<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>'
        '<global scope="event"><string key="concept:name" value="none"/></global>'
        '<classifier name="By role" keys="\'my role\' concept:name lifecycle:transition"/>'
    )
    event = xes_event("check", "2026-11-03T09:00:00Z").replace(
        "<event>", '<event><string key="my role" value="clerk"/>'
    )
    content = xes(event, head=head)
    assert read(tmp_path, content).activities.all() == ["check"]
    assert read(tmp_path, content, classifier="By role").activities.all() == ["clerk+check"]
    with pytest.raises(BadLog, match=r"no classifier “Other”\. It has: “By role”"):
        read(tmp_path, content, classifier="Other")
    assert keys_of("'a b' c") == ("a b", "c")
    assert keys_of("it's") == ("it's",)


def test_nested_attributes_and_those_of_the_log_are_no_events_of_a_case(tmp_path: Path) -> None:
    event = xes_event("a", "2026-11-03T09:00:00Z").replace(
        "</event>", '<list key="x"><values><string key="concept:name" value="no"/></values></list></event>'
    )
    log = read(tmp_path, xes(event, event, head='<string key="concept:name" value="the log"/>'))
    assert (log.cases.all(), log.activities.all()) == (["1", "2"], ["a"])


def test_events_without_a_time_are_listed(tmp_path: Path) -> None:
    log = read(
        tmp_path, xes('<event><string key="concept:name" value="a"/></event>' + xes_event("b", "2026-11-03T09:00:00Z"))
    )
    assert [(one.number, one.message) for one in log.wrong] == [(1, "It has no time (time:timestamp).")]


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    content = xes(named("1") + xes_event("a", "2026-11-03T09:00:00Z"))
    assert _ways(read(tmp_path, gzip.compress(content.encode()), "log.xes.gz")) == [(["a"], 1)]


# What is no log


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty"),
        (b"<html><body/></html>", "begins with <html>"),
        (b"<log><trace>", "no XML from line 1 on"),
        (b"<log/>", "no events"),
        (b"case,activity,time\n", "no events"),
        (b"case,activity,time\n1,a,never\n", "None of 1 rows can be read. Row 2: 'never' is no time."),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        (b"\x1f\x8bnonsense", "can’t be unpacked"),
        (b"PK\x03\x04nonsense", "can't be read as one"),
        (bytes(range(256)) * 20, ""),
        (b"just a sentence", "No column was found"),
    ],
)
def test_what_is_no_log_is_refused_in_words(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(BadLog) as told:
        read(tmp_path, content)
    assert reason in told.value.message


BOMB = (
    '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<log><trace><event><string key="concept:name" value="&b;"/></event></trace></log>'
)


@pytest.mark.parametrize(
    "content", [BOMB, '<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', '<?xml version="1.0"?><!DOCTYPE log><log/>']
)
def test_entities_are_refused_before_they_are_expanded(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadLog, match="document type"):
        read(tmp_path, content)


def test_what_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadLog, match="nested too deeply"):
        read(tmp_path, "<log>" + "<a>" * 100_000)


def test_what_unpacks_to_more_than_a_log_may_have_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MOST_UNPACKED", 1_000_000)
    monkeypatch.setattr(opening, "_CHUNK", 1_000)
    with pytest.raises(BadLog, match="Unpacked, the file is larger"):
        read(tmp_path, gzip.compress(b"a" * 2_000_000))


def test_progress_is_told_while_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_logs, "REPORTED", 2)
    path = tmp_path / "log.csv"
    path.write_text("case,activity,time\n" + "1,a,2026-11-03 09:00\n" * 5)
    told: list[int] = []
    opening.read_log(path, Settings(), told.append)
    assert told == [0, 2, 4]
