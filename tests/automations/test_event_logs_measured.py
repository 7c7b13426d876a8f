"""The figures of event logs: against exact values, and on random logs against a plain reference."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.automations.analysis.facts import Assumptions
from app.automations.analysis.logs.events import MOST_ACTIVITIES, BadLog
from app.automations.analysis.logs.measuring import measure
from app.automations.analysis.logs.steps import steps_from
from tests.automations.event_logs import Row, at, log_of, reference

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def rows(draw: Any) -> list[Row]:
    made = []
    for _ in range(draw(st.integers(1, 40))):
        end = BEGIN + timedelta(minutes=draw(st.integers(0, 300)), microseconds=draw(st.sampled_from([0, 1, 999_999])))
        lasted = draw(st.one_of(st.none(), st.integers(0, 120)))
        begun = None if lasted is None else end - timedelta(minutes=lasted)
        case, activity = draw(st.sampled_from("123456")), draw(st.sampled_from(["receive", "check", "book", "pay"]))
        made.append(Row(case, activity, end, begun, draw(st.sampled_from(["", "Ana", "Ben", "Cleo"]))))
    return made


@given(rows())
def test_the_figures_are_those_of_the_reference(made: list[Row]) -> None:
    found, plain = measure(log_of(made)), reference(made)
    assert found["cases"] == plain["cases"]
    assert [(-one["cases"], one["activities"]) for one in found["variants"]] == plain["variants"]
    assert found["rework"]["cases"] == plain["rework"]
    assert {(edge["from"], edge["to"]): edge["count"] for edge in found["edges"]} == {
        pair: count for pair, (count, _, _) in plain["edges"].items()
    }
    for edge in found["edges"]:
        _, total, middle = plain["edges"][edge["from"], edge["to"]]
        assert (edge["waiting"]["hours"], edge["waiting"]["median_hours"]) == pytest.approx((total, middle), abs=1e-4)
    for one in found["activities"]:
        timed, total, middle = plain["working"].get(one["activity"], (0, 0, 0))
        assert one["timed"] == timed
        assert (one["working"]["hours"], one["working"]["median_hours"]) == pytest.approx((total, middle), abs=1e-4)
        assert one["starts"] == plain["starts"].get(one["activity"], 0)
        assert one["ends"] == plain["ends"].get(one["activity"], 0)
    assert {(one["from"], one["to"]): one["count"] for one in found["handovers"]} == plain["handovers"]
    throughput = found["throughput"]
    assert (throughput["median_hours"], throughput["p90_hours"]) == pytest.approx(plain["throughput"], abs=1e-4)
    totals = (found["waiting_hours"], found["working_hours"])
    assert totals == pytest.approx((plain["waiting_hours"], plain["working_hours"]), abs=1e-3)
    assert sum(one["share"] for one in found["variants"]) == pytest.approx(1, abs=1e-4)


@given(rows(), st.randoms())
def test_the_order_in_the_file_only_matters_for_equal_times(made: list[Row], chance: random.Random) -> None:
    apart = [
        Row(row.case, row.activity, row.at + timedelta(microseconds=2 * number), None, row.resource)
        for number, row in enumerate(made)
    ]
    shuffled = list(apart)
    chance.shuffle(shuffled)
    assert measure(log_of(apart)) == measure(log_of(shuffled))


def test_a_log_by_hand() -> None:
    found = measure(
        log_of([
            Row("1", "receive", at("2026-11-02 09:00"), at("2026-11-02 08:50"), "Ana"),
            Row("1", "check", at("2026-11-02 10:30"), at("2026-11-02 10:00"), "Ben"),
            Row("1", "check", at("2026-11-02 12:00"), at("2026-11-02 11:30"), "Ben"),
            Row("1", "book", at("2026-11-03 12:10"), at("2026-11-03 12:00"), "Ana"),
            Row("2", "receive", at("2026-11-02 09:00"), at("2026-11-02 08:40"), "Ana"),
            Row("2", "book", at("2026-11-02 09:20"), at("2026-11-02 09:10"), "Ana"),
        ])
    )  # fmt: skip
    assert [(one["activities"], one["cases"], one["share"]) for one in found["variants"]] == [
        (["receive", "book"], 1, 0.5),
        (["receive", "check", "check", "book"], 1, 0.5),
    ]
    assert found["rework"] == {
        "cases": 1,
        "share": 0.5,
        "activities": [{"activity": "check", "cases": 1, "repeats": 1}],
    }
    assert (found["waiting_hours"], found["working_hours"]) == (1 + 1 + 24 + 0.1667, 1.8333)
    assert found["bottlenecks"][0] == {
        "kind": "waiting", "from": "check", "to": "book", "count": 1,
        "hours": 24.0, "median_hours": 24.0, "p90_hours": 24.0, "share": 0.8571,
    }  # fmt: skip
    assert [(one["from"], one["to"], one["count"]) for one in found["handovers"]] == [
        ("Ana", "Ben", 1),
        ("Ben", "Ana", 1),
    ]
    assert found["throughput"] == {
        "median_hours": 14.0, "p90_hours": 24.6667, "mean_hours": 14.0, "least_hours": 0.6667, "most_hours": 27.3333,
    }  # fmt: skip
    steps = steps_from(found, {"book": {"rule_based": True, "minutes": None}}, Assumptions())
    assert [(one.name, str(one.minutes), str(one.times_per_month), str(one.exception_rate)) for one in steps] == [
        ("receive", "15.00", "2.00", "0.0000"),
        ("check", "30.00", "2.00", "1.0000"),
        ("book", "10.00", "2.00", "0.0000"),
    ]
    assert (steps[2].rule_based, steps[0].rule_based) == (True, None)


def test_without_starts_all_time_between_is_waiting() -> None:
    found = measure(log_of([Row("1", "a", at("2026-11-02 09:00")), Row("1", "b", at("2026-11-02 11:00"))]))
    assert (found["waiting_hours"], found["working_hours"], found["has_durations"]) == (2.0, 0.0, False)
    assert steps_from(found, {}, Assumptions())[0].minutes == 10


def test_what_overlaps_did_not_wait() -> None:
    found = measure(
        log_of([
            Row("1", "a", at("2026-11-02 12:00"), at("2026-11-02 09:00")),
            Row("1", "b", at("2026-11-02 13:00"), at("2026-11-02 10:00")),
        ])
    )  # fmt: skip
    assert (found["waiting_hours"], found["working_hours"], found["throughput"]["median_hours"]) == (0.0, 6.0, 4.0)


def test_equal_times_go_by_the_order_of_the_file() -> None:
    same = at("2026-11-02 09:00")
    found = measure(log_of([Row("1", "b", same), Row("1", "a", same), Row("2", "a", same), Row("2", "b", same)]))
    assert [one["activities"] for one in found["variants"]] == [["a", "b"], ["b", "a"]]


def test_centuries_of_waiting_add_up() -> None:
    made = [Row(str(case), name, when) for case in range(500) for name, when in (
        ("a", at("1970-01-01 00:00")), ("b", at("2199-12-31 00:00")),
    )]  # fmt: skip
    assert measure(log_of(made))["waiting_hours"] == 500 * (at("2199-12-31") - at("1970-01-01")).days * 24


def test_a_column_of_numbers_is_no_activity() -> None:
    with pytest.raises(BadLog, match="more than 1,000 different activities"):
        log_of([Row("1", f"invoice {number}", BEGIN) for number in range(MOST_ACTIVITIES + 1)])
