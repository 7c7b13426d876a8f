"""A process as a whole: its score, what automating it saves and costs, and what is suggested.

The same values always give the same answer, and each figure follows from the figures that are shown beside it.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.automations.analysis.facts import Assumptions, Process
from app.automations.analysis.potential import Part, StepPotential, plain, potential_of
from app.automations.analysis.suggesting import Suggested, suggest
from app.core.numbers import rounded


@dataclass(frozen=True, slots=True)
class Building:
    """What it takes to build an automation of so many steps, which use so many systems."""

    steps: int
    systems: int
    assumed: Assumptions

    @property
    def hours(self) -> Decimal:
        if not self.steps:
            return Decimal(0)
        of_steps, of_systems = self.assumed.hours_per_step * self.steps, self.assumed.hours_per_system * self.systems
        return self.assumed.setup_hours + of_steps + of_systems

    @property
    def cost(self) -> Decimal:
        return rounded(self.hours * self.assumed.build_rate)

    def sentence(self, currency: str) -> str:
        assumed, steps, systems = self.assumed, counted(self.steps, "step"), counted(self.systems, "system")
        parts = [
            f"{plain(assumed.setup_hours)} hours of setup",
            f"{plain(assumed.hours_per_step)} for each of {steps}",
            *([f"{plain(assumed.hours_per_system)} for each of {systems}"] if self.systems else ()),
        ]
        return (
            f"Building takes {' + '.join(parts)} = {plain(self.hours)} hours. "
            f"At {assumed.build_rate:,} {currency} an hour, it costs {self.cost:,} {currency}."
        )


@dataclass(frozen=True, slots=True)
class Analysed:
    """What an analysis comes to. `payback_months` is None where nothing is saved."""

    process: Process
    steps: tuple[StepPotential, ...]
    suggested: Suggested

    @property
    def score(self) -> int:
        """The mean of the potentials, each step weighted by its hours; the plain mean where none takes any time."""
        hours = [step.hours for step in self.steps]
        if not any(hours):
            hours = [Decimal(1)] * len(self.steps)
        weighted = sum((step.potential * weight for step, weight in zip(self.steps, hours, strict=True)), Decimal(0))
        return int(rounded(weighted / sum(hours, Decimal(0)), 0))

    @property
    def hours_saved_per_month(self) -> Decimal:
        return sum((step.hours_saved for step in self.steps), Decimal("0.00"))

    @property
    def annual_saving(self) -> Decimal:
        return rounded(self.hours_saved_per_month * 12 * self.process.hourly_cost)

    @property
    def building(self) -> Building:
        automated = [step.step for step in self.steps if step.is_automated]
        systems = {name.casefold() for step in automated for name in step.systems}
        return Building(len(automated), len(systems), self.process.assumptions)

    @property
    def payback_months(self) -> Decimal | None:
        return rounded(self.building.cost * 12 / self.annual_saving, 1) if self.annual_saving else None

    @property
    def runs_per_month(self) -> Decimal:
        """How often the process is gone through: as often as its most frequent step is done."""
        return max(step.step.times_per_month for step in self.steps)

    @property
    def minutes_saved_per_run(self) -> Decimal:
        runs = self.runs_per_month
        return rounded(self.hours_saved_per_month * 60 / runs) if runs else Decimal("0.00")

    @property
    def because(self) -> list[str]:
        first = "The score is the average of the steps’ potentials, weighted by their hours."
        if not self.building.steps:
            return [first, "No step is worth automating, so nothing is saved."]
        hours, months, currency = plain(self.hours_saved_per_month), self.payback_months, self.process.currency
        return [
            first,
            f"{hours} hours a month × 12 × {self.process.hourly_cost:,} {currency} an hour = "
            f"{self.annual_saving:,} {currency} saved a year.",
            self.building.sentence(currency),
            "The saving never covers that cost." if months is None else f"That is paid back in {plain(months)} months.",
        ]


def analyse(process: Process) -> Analysed:
    steps = tuple(potential_of(step, process.assumptions) for step in process.steps)
    return Analysed(process, steps, suggest(process.name, steps))


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def explained(part: Part) -> dict[str, Any]:
    return {"key": part.key, "score": part.score, "weight": part.weight, "points": part.points, "reason": part.reason}
