"""The order of a run with several workers: what takes long comes first, so that no worker is left alone with it at the
end. `durations.json` has the seconds; `make test ARGS=--record-durations` writes it anew."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

RECORDED = Path(__file__).with_name("durations.json")
LONG = 2.0
"""From so many seconds on a test is handed out by itself, unless its file is marked as `together`; the others of a file
stay together, for the sake of the fixtures that they share. What takes less, all in all, is not recorded."""
AVERAGE = 0.1
"""What a test that isn't recorded is taken to need."""


@cache
def recorded() -> dict[str, float]:
    found: dict[str, float] = json.loads(RECORDED.read_text())
    return found


def unit_of(test: str) -> str:
    """What is handed to a worker at once: a long test, or a file without its long tests."""
    return test if test in recorded() else file_of(test)


def file_of(test: str) -> str:
    return test.partition("::")[0]


def worth_recording(seconds: Mapping[str, float], together: Collection[str] = ()) -> dict[str, float]:
    """The units and their seconds, given those of every test, and which files are to stay whole."""
    units: dict[str, float] = defaultdict(float)
    for test, took in seconds.items():
        alone = took >= LONG and file_of(test) not in together
        units[test if alone else file_of(test)] += took
    return {unit: round(took, 1) for unit, took in sorted(units.items()) if took >= LONG}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-durations", action="store_true", help=f"write tests/{RECORDED.name} anew")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.record_durations and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder())


class _Recorder:
    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._together: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if "together" in report.keywords:
            self._together.add(file_of(report.nodeid))

    def pytest_sessionfinish(self) -> None:
        RECORDED.write_text(json.dumps(worth_recording(self._seconds, self._together), indent=0) + "\n")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are cores: tests wait for the database, for browsers and for second processes."""
    return 2 + (psutil.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.workers import Scheduling  # noqa: PLC0415 - only where the plugin is in use

    if config.option.dist != "load":
        return None
    config.option.loadscopereorder = False  # it puts the file with the most tests first, not the longest
    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        tests = Counter(unit_of(item.nodeid) for item in items)
        taken = {unit: recorded().get(unit, AVERAGE * number) for unit, number in tests.items()}
        items.sort(key=lambda item: -taken[unit_of(item.nodeid)])
