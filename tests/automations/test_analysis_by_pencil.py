"""The example of docs/automation-analysis.md, and its tables."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from app.automations.analysis.facts import Assumptions, Process, ProcessStep
from app.automations.analysis.potential import plain
from app.automations.analysis.scoring import Analysed, analyse
from app.automations.analysis.weights import HANDLED, WEIGHTS

PAGE = (Path(__file__).parents[2] / "docs" / "automation-analysis.md").read_text()
TABLE = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
EXAMPLE = PAGE.partition("## Worked example")[2]
SAID = {"yes": True, "no": False}


def _steps() -> tuple[ProcessStep, ...]:
    begin = next(at for at, row in enumerate(TABLE) if row[:2] == ["step", "minutes"])
    steps = []
    for row in TABLE[begin + 2 : begin + 6]:
        name, minutes, times, rules, structured, systems, exceptions = row
        rate = Decimal(exceptions.removesuffix(" %")) / 100 if exceptions else None
        named = (systems,) if systems else ()
        steps.append(ProcessStep(name, Decimal(minutes), Decimal(times), SAID[rules], SAID[structured], named, rate))
    return tuple(steps)


@pytest.fixture
def found() -> Analysed:
    return analyse(Process("Invoice intake", _steps(), Decimal("35.00")))


def test_the_page_tells_the_weights_and_assumptions() -> None:
    points = {row[0]: row[1] for row in TABLE if len(row) == 3 and row[0] in WEIGHTS}
    assert points == {key: plain(100 * weight) for key, weight in WEIGHTS.items()}
    assert sum(WEIGHTS.values()) == 1
    assumed = Assumptions().shown()
    assert {row[0]: Decimal(row[1]) for row in TABLE if row[0] in assumed} == assumed
    shares = {row[0]: (Decimal(row[1]), Decimal(row[2])) for row in TABLE if row[0].startswith(("follows", "takes"))}
    assert shares == {
        "follows rules": (HANDLED[True, True], HANDLED[True, False]),
        "takes judgement": (HANDLED[False, True], HANDLED[False, False]),
    }


def test_the_points_are_those_of_the_page(found: Analysed) -> None:
    begin = next(at for at, row in enumerate(TABLE) if row[0] == "points")
    for step, row in zip(found.steps, TABLE[begin + 2 : begin + 6], strict=True):
        assert [step.step.name, *(plain(part.points) for part in step.parts), str(step.potential)] == row


def test_the_whole_is_that_of_the_page(found: Analysed) -> None:
    said = {name: re.search(rf"\*\*{name}\*\*: .*[= ]([0-9.]*[0-9])", EXAMPLE) for name in (
        "Score", "Hours saved a month", "Saving a year", "Cost to build",
    )}  # fmt: skip
    figures = (found.score, found.hours_saved_per_month, found.annual_saving, found.building.cost)
    assert [match and Decimal(match[1]) for match in said.values()] == list(figures)
    assert f"= {found.payback_months} months" in EXAMPLE
    assert f"= {found.building.hours} hours" in EXAMPLE
    assert [step.hours_saved for step in found.steps] == [
        Decimal("13.30"), Decimal("12.15"), Decimal("2.40"), Decimal("0.00"),
    ]  # fmt: skip


def test_the_arithmetic_is_told_in_sentences(found: Analysed) -> None:
    assert found.because == [
        "The score is the average of the steps’ potentials, weighted by their hours.",
        "27.85 hours a month × 12 × 35.00 EUR an hour = 11,697.00 EUR saved a year.",
        "Building takes 8 hours of setup + 3 for each of 3 steps + 6 for each of 2 systems = 29 hours. "
        "At 95.00 EUR an hour, it costs 2,755.00 EUR.",
        "That is paid back in 2.8 months.",
    ]
