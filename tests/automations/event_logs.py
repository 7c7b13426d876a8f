"""Event logs for tests, and a plain reference of their figures, written without the columns of the real one."""

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from app.automations.analysis.logs.events import NOT_SAID, Event, EventLog, microseconds
from app.automations.analysis.logs.opening import read_log
from app.automations.analysis.logs.table_logs import Settings


@dataclass(frozen=True)
class Row:
    case: str
    activity: str
    at: datetime
    started_at: datetime | None = None
    resource: str = ""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def log_of(rows: Iterable[Row]) -> EventLog:
    log = EventLog()
    for row in rows:
        begun = NOT_SAID if row.started_at is None else microseconds(row.started_at)
        log.add(Event(row.case, row.activity, microseconds(row.at), begun, row.resource))
    return log


def read(tmp_path: Path, content: str | bytes, name: str = "log", **settings: Any) -> EventLog:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_log(path, Settings(**settings))


def xes(*traces: str, head: str = "") -> str:
    body = "".join(f"<trace>{trace}</trace>" for trace in traces)
    return f'<?xml version="1.0" encoding="UTF-8"?><log xmlns="http://www.xes-standard.org/">{head}{body}</log>'


def xes_event(activity: str, time: str, **more: str) -> str:
    out = io.StringIO()
    out.write(f'<event><string key="concept:name" value="{activity}"/><date key="time:timestamp" value="{time}"/>')
    for key, value in more.items():
        out.write(f'<string key="{key.replace("__", ":")}" value="{value}"/>')
    out.write("</event>")
    return out.getvalue()


def named(case: str) -> str:
    return f'<string key="concept:name" value="{case}"/>'


def reference(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures, worked out case by case with plain Python."""
    cases: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        cases[row.case].append(row)
    variants: Counter[tuple[str, ...]] = Counter()
    edges: dict[tuple[str, str], list[float]] = defaultdict(list)
    working: dict[str, list[float]] = defaultdict(list)
    handovers: Counter[tuple[str, str]] = Counter()
    starts, ends = Counter[str](), Counter[str]()
    throughput, reworked = [], 0
    for events in cases.values():
        events.sort(key=lambda row: row.at)
        names = [row.activity for row in events]
        variants[tuple(names)] += 1
        starts[names[0]] += 1
        ends[names[-1]] += 1
        reworked += len(set(names)) < len(names)
        for row in events:
            if row.started_at is not None:
                working[row.activity].append(_hours(row.started_at, row.at))
        for before, after in pairwise(events):
            waited = _hours(before.at, after.started_at or after.at)
            edges[before.activity, after.activity].append(max(waited, 0.0))
            if before.resource and after.resource and before.resource != after.resource:
                handovers[before.resource, after.resource] += 1
        throughput.append(_hours(min(row.started_at or row.at for row in events), events[-1].at))
    return {
        "cases": len(cases),
        "variants": sorted(((-n, list(way)) for way, n in variants.items())),
        "rework": reworked,
        "edges": {pair: (len(waits), sum(waits), median(waits)) for pair, waits in edges.items()},
        "working": {name: (len(times), sum(times), median(times)) for name, times in working.items()},
        "handovers": dict(handovers),
        "starts": dict(starts),
        "ends": dict(ends),
        "waiting_hours": sum(sum(waits) for waits in edges.values()),
        "working_hours": sum(sum(times) for times in working.values()),
        "throughput": (median(throughput), ninetieth(throughput)),
    }


def ninetieth(values: Sequence[float]) -> float:
    """PERCENTILE.INC of spreadsheets."""
    ordered = sorted(values)
    place = 0.9 * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _hours(first: datetime, last: datetime) -> float:
    return (last - first).total_seconds() / 3600
