"""The figures of an event log, as docs/automation-analysis.md defines them.

All are computed on columns of whole microseconds, so that a million events take about a second; hours are rounded to
four decimals at the end.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.automations.analysis.logs.events import NOBODY, NOT_SAID, Columns, EventLog, Numbers, moment_of

HOUR = 3_600_000_000
MOST_VARIANTS, MOST_EDGES, MOST_HANDOVERS, MOST_BOTTLENECKS, MOST_RESOURCES = 100, 500, 50, 5, 100


@dataclass(frozen=True, slots=True)
class Spread:
    """How durations are spread, in microseconds."""

    count: int
    total: int
    median: float
    p90: float

    def hours(self) -> dict[str, float]:
        return {"hours": hours(self.total), "median_hours": hours(self.median), "p90_hours": hours(self.p90)}


NONE = Spread(0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Measured:
    """An event log by cases. `begins` has where each case begins in the columns, `waiting` and `working` a duration for
    each event; it is 0 where it isn't known."""

    log: EventLog
    columns: Columns
    begins: Numbers
    waiting: Numbers
    working: Numbers

    @property
    def cases(self) -> int:
        return len(self.begins)

    @property
    def is_first(self) -> Any:
        first = np.zeros(len(self.columns.case), dtype=bool)
        first[self.begins] = True
        return first

    @property
    def places(self) -> Numbers:
        """The place of each event within its case, from 1 on."""
        sizes = np.diff(self.begins, append=len(self.columns.case))
        return np.arange(len(self.columns.case)) - np.repeat(self.begins, sizes) + 1


def measured(log: EventLog) -> Measured:
    columns = log.columns()
    begins = np.flatnonzero(np.diff(columns.case, prepend=-1)).astype(np.int64)
    is_known = columns.started_at != NOT_SAID
    started_at = np.where(is_known, columns.started_at, columns.at)
    waiting = np.maximum(started_at - np.roll(columns.at, 1), 0)
    waiting[begins] = 0
    return Measured(log, columns, begins, waiting, columns.at - started_at)


def measure(log: EventLog) -> dict[str, Any]:
    """All figures, ready for JSON."""
    found = measured(log)
    edges = edges_of(found)
    activities = activities_of(found)
    waiting, working = int_sum(found.waiting), int_sum(found.working)
    at = found.columns.at
    return {
        "cases": found.cases,
        "events": len(log),
        "first_at": _shown(int(at.min())),
        "last_at": _shown(int(at.max())),
        "has_durations": bool((found.columns.started_at != NOT_SAID).any()),
        "waiting_hours": hours(waiting),
        "working_hours": hours(working),
        **variants_of(found),
        "rework": rework_of(found),
        "throughput": throughput_of(found),
        "activities": activities,
        "edges": edges[:MOST_EDGES],
        "edges_total": len(edges),
        "bottlenecks": bottlenecks_of(activities, edges, waiting + working),
        **resources_of(found),
        "wrong_rows": [{"row": wrong.number, "message": wrong.message} for wrong in log.wrong],
        "wrong_rows_total": log.wrong_count,
        "notes": log.notes,
    }


def variants_of(found: Measured) -> dict[str, Any]:
    """The ways that cases take, the most frequent first; of equally frequent ones by the names of their activities."""
    names, activity = found.log.activities.all(), found.columns.activity.astype(np.uint16)
    ends = [*found.begins[1:].tolist(), len(activity)]
    ways = Counter(activity[a:b].tobytes() for a, b in zip(found.begins.tolist(), ends, strict=True))
    path = lambda way: [names[number] for number in np.frombuffer(way, np.uint16).tolist()]  # noqa: E731
    most = sorted(((-cases, path(way)) for way, cases in _frequent(ways)), key=lambda one: (one[0], one[1]))
    shown = [
        {"activities": way, "cases": -cases, "share": share(-cases, found.cases)} for cases, way in most[:MOST_VARIANTS]
    ]
    return {"variants": shown, "variants_total": len(ways)}


def _frequent(ways: "Counter[bytes]") -> list[tuple[bytes, int]]:
    """Those among which the most frequent are: of a million ways that one case takes each, not all are spelled out."""
    if len(ways) <= MOST_VARIANTS:
        return list(ways.items())
    least = sorted(ways.values(), reverse=True)[MOST_VARIANTS - 1]
    return [(way, cases) for way, cases in ways.items() if cases >= least]


def rework_of(found: Measured) -> dict[str, Any]:
    """Cases in which an activity was done more than once, and which activities that were."""
    size = max(len(found.log.activities), 1)
    pairs, times = np.unique(found.columns.case * size + found.columns.activity, return_counts=True)
    again = times > 1
    cases = len(np.unique(pairs[again] // size))
    by_activity = np.bincount(pairs[again] % size, minlength=size)
    extra = np.bincount(pairs[again] % size, weights=times[again] - 1, minlength=size).astype(np.int64)
    names = found.log.activities.all()
    repeated: list[dict[str, Any]] = [
        {"activity": names[at], "cases": int(by_activity[at]), "repeats": int(extra[at])}
        for at in np.flatnonzero(by_activity).tolist()
    ]
    repeated.sort(key=lambda one: (-one["repeats"], one["activity"]))
    return {"cases": cases, "share": share(cases, found.cases), "activities": repeated}


def throughput_of(found: Measured) -> dict[str, float]:
    """From the first that is known of a case to its last completion."""
    columns = found.columns
    started_at = np.where(columns.started_at == NOT_SAID, columns.at, columns.started_at)
    times = np.maximum.reduceat(columns.at, found.begins) - np.minimum.reduceat(started_at, found.begins)
    return {
        "median_hours": hours(np.median(times)),
        "p90_hours": hours(np.percentile(times, 90)),
        "mean_hours": hours(int_sum(times) / len(times)),
        "least_hours": hours(times.min()),
        "most_hours": hours(times.max()),
    }


def activities_of(found: Measured) -> list[dict[str, Any]]:
    """Each activity, the most frequent first: how often, in how many cases, working and waiting before it."""
    columns, names = found.columns, found.log.activities.all()
    size = len(names)
    pairs, times = np.unique(columns.case * size + columns.activity, return_counts=True)
    in_cases = np.bincount(pairs % size, minlength=size)
    repeated_in = np.bincount(pairs[times > 1] % size, minlength=size)
    firsts = np.bincount(columns.activity[found.begins], minlength=size)
    lasts = np.bincount(columns.activity[np.append(found.begins[1:], len(columns.case)) - 1], minlength=size)
    is_known, after_another = columns.started_at != NOT_SAID, ~found.is_first
    working = spreads(columns.activity[is_known], found.working[is_known])
    waiting = spreads(columns.activity[after_another], found.waiting[after_another])
    counts = np.bincount(columns.activity, minlength=size)
    places = np.bincount(columns.activity, weights=found.places, minlength=size)
    rows: list[dict[str, Any]] = [
        {
            "activity": names[at],
            "count": int(counts[at]),
            "cases": int(in_cases[at]),
            "repeated_in_cases": int(repeated_in[at]),
            "place": round(float(places[at]) / int(counts[at]), 4),
            "starts": int(firsts[at]),
            "ends": int(lasts[at]),
            "timed": working.get(at, NONE).count,
            "working": working.get(at, NONE).hours(),
            "waiting": waiting.get(at, NONE).hours(),
        }
        for at in range(size)
        if counts[at]
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["activity"]))


def edges_of(found: Measured) -> list[dict[str, Any]]:
    """What directly follows what within a case, the most frequent first, and how long it waited."""
    columns, names = found.columns, found.log.activities.all()
    after = np.flatnonzero(~found.is_first)
    pairs = columns.activity[after - 1] * len(names) + columns.activity[after]
    rows: list[dict[str, Any]] = [
        {"from": names[pair // len(names)], "to": names[pair % len(names)], "count": one.count, "waiting": one.hours()}
        for pair, one in spreads(pairs, found.waiting[after]).items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["from"], row["to"]))


def resources_of(found: Measured) -> dict[str, Any]:
    """Who did how much, and who handed over to whom: two events that follow each other, by two who are known."""
    columns, names = found.columns, found.log.resources.all()
    if not names:
        return {"resources": [], "resources_total": 0, "handovers": [], "handovers_total": 0}
    counts = np.bincount(columns.resource[columns.resource != NOBODY], minlength=len(names))
    after = np.flatnonzero(~found.is_first)
    giver, taker = columns.resource[after - 1], columns.resource[after]
    is_one = (giver != NOBODY) & (taker != NOBODY) & (giver != taker)
    handed = spreads((giver * len(names) + taker)[is_one], found.waiting[after][is_one])
    handovers: list[dict[str, Any]] = [
        {"from": names[p // len(names)], "to": names[p % len(names)], "count": one.count, "waiting": one.hours()}
        for p, one in handed.items()
    ]
    handovers.sort(key=lambda row: (-row["count"], row["from"], row["to"]))
    resources = sorted(({"resource": names[at], "events": int(n)} for at, n in enumerate(counts) if n), key=_busiest)
    return {
        "resources": resources[:MOST_RESOURCES],
        "resources_total": len(resources),
        "handovers": handovers[:MOST_HANDOVERS],
        "handovers_total": int(is_one.sum()),
    }


def bottlenecks_of(
    activities: Sequence[dict[str, Any]], edges: Sequence[dict[str, Any]], total: int
) -> list[dict[str, Any]]:
    """Where most hours go: waiting between two activities, or working on one."""
    waits = [
        {"kind": "waiting", "from": row["from"], "to": row["to"], "count": row["count"], **row["waiting"]}
        for row in edges
    ]
    works = [
        {"kind": "working", "activity": row["activity"], "count": row["timed"], **row["working"]} for row in activities
    ]
    most = sorted((one for one in (*waits, *works) if one["hours"] > 0), key=lambda one: -one["hours"])
    return [{**one, "share": round(one["hours"] * HOUR / total, 4)} for one in most[:MOST_BOTTLENECKS]]


def spreads(keys: Numbers, values: Numbers) -> dict[int, Spread]:
    """The values of each key."""
    if not len(keys):
        return {}
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    begins = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
    ends = np.append(begins[1:], len(keys))
    seconds, rest = np.add.reduceat(values // 1_000_000, begins), np.add.reduceat(values % 1_000_000, begins)
    totals = [s * 1_000_000 + r for s, r in zip(seconds.tolist(), rest.tolist(), strict=True)]
    median, p90 = _quantile(values, begins, ends, 0.5), _quantile(values, begins, ends, 0.9)
    counts = (ends - begins).tolist()
    return {
        key: Spread(*one)
        for key, one in zip(
            keys[begins].tolist(), zip(counts, totals, median.tolist(), p90.tolist(), strict=True), strict=True
        )
    }


def _quantile(values: Numbers, begins: Numbers, ends: Numbers, part: float) -> Any:
    """Between the two values around the place, as spreadsheets have it (PERCENTILE.INC)."""
    place = begins + (ends - 1 - begins) * part
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, ends - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def int_sum(values: Numbers) -> int:
    """Exact, however long: microseconds of a million long waits don't fit into 64 bits."""
    return int((values // 1_000_000).sum()) * 1_000_000 + int((values % 1_000_000).sum())


def hours(microseconds: Any) -> float:
    return round(float(microseconds) / HOUR, 4)


def share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _shown(value: int) -> str:
    return moment_of(value).isoformat(timespec="seconds").replace("+00:00", "Z")


def _busiest(row: dict[str, Any]) -> tuple[int, str]:
    return -row["events"], row["resource"]
