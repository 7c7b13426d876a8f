"""What an analysis rests on: the steps of a process, and what is assumed where nobody has said."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MOST_STEPS = 100
"""Steps of a process. The suggested workflow stays below what a workflow may have."""


@dataclass(frozen=True, slots=True)
class ProcessStep:
    """A step as it is done today. None is what nobody has said."""

    name: str
    minutes: Decimal
    times_per_month: Decimal
    rule_based: bool | None = None
    structured_input: bool | None = None
    systems: tuple[str, ...] = ()
    exception_rate: Decimal | None = None

    @property
    def hours(self) -> Decimal:
        """Hours a month."""
        return self.minutes * self.times_per_month / 60


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What building an automation takes, and what counts where a step says nothing. All are shown in the answer."""

    setup_hours: Decimal = Decimal(8)
    hours_per_step: Decimal = Decimal(3)
    hours_per_system: Decimal = Decimal(6)
    build_rate: Decimal = Decimal("95.00")
    unknown_exception_rate: Decimal = Decimal("0.10")
    unknown_minutes: Decimal = Decimal(10)

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Process:
    name: str
    steps: tuple[ProcessStep, ...]
    hourly_cost: Decimal
    currency: str = "EUR"
    assumptions: Assumptions = Assumptions()
