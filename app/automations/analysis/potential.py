"""How well a step can be automated: the weighted sum of five parts, each with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from app.automations.analysis.facts import Assumptions, ProcessStep
from app.automations.analysis.weights import (
    FULL_VOLUME,
    HANDLED,
    INPUT,
    LEAST_OF_SYSTEMS,
    LEAST_POTENTIAL,
    NEXT_SYSTEM,
    NO_SYSTEM,
    RULES,
    WEIGHTS,
)
from app.core.numbers import rounded

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a potential. `score` is from 0 to 1, in four decimals; `points` is what it adds to the potential."""

    key: str
    score: Decimal
    reason: str

    @property
    def weight(self) -> Decimal:
        return WEIGHTS[self.key]

    @property
    def points(self) -> Decimal:
        return (100 * self.weight * self.score).normalize() + 0

    @property
    def most(self) -> Decimal:
        return 100 * self.weight


@dataclass(frozen=True, slots=True)
class StepPotential:
    """A step with its parts, and the hours that an automation of it would save in a month."""

    step: ProcessStep
    parts: tuple[Part, ...]
    potential: int
    exception_rate: Decimal
    handled: Decimal
    hours_saved: Decimal

    @property
    def is_automated(self) -> bool:
        return self.potential >= LEAST_POTENTIAL

    @property
    def reasons(self) -> list[str]:
        return [*(part.reason for part in self.parts), self._outcome]

    @property
    def _outcome(self) -> str:
        if not self.is_automated:
            return f"{self.potential} is below {LEAST_POTENTIAL}, so the step stays with people."
        return (
            f"Exceptions aside, an automation does {percent(self.handled)} of the work: "
            f"it saves {plain(self.hours_saved)} of {plain(self.hours)} hours a month."
        )

    @property
    def hours(self) -> Decimal:
        return rounded(self.step.hours)


def potential_of(step: ProcessStep, assumed: Assumptions) -> StepPotential:
    rate = assumed.unknown_exception_rate if step.exception_rate is None else step.exception_rate
    parts = tuple(_parts(step, rate))
    potential = int(rounded(sum((part.points for part in parts), Decimal(0)), 0))
    handled = handled_share(step.rule_based, step.structured_input)
    saved = rounded(step.hours * handled * (1 - rate)) if potential >= LEAST_POTENTIAL else Decimal("0.00")
    return StepPotential(step, parts, potential, rate, handled, saved)


def handled_share(rule_based: bool | None, structured_input: bool | None) -> Decimal:
    """What isn't known counts as the mean of what may be."""
    rules = (True, False) if rule_based is None else (rule_based,)
    inputs = (True, False) if structured_input is None else (structured_input,)
    shares = [HANDLED[pair] for pair in product(rules, inputs)]
    return sum(shares, Decimal(0)) / len(shares)


def _parts(step: ProcessStep, rate: Decimal) -> Iterator[Part]:
    yield _part("rules", RULES[step.rule_based], {
        True: "Follows fixed rules",
        None: "Not known whether it follows rules, so half counts",
        False: "Needs a person’s judgement",
    }[step.rule_based])  # fmt: skip
    yield _part("input", INPUT[step.structured_input], {
        True: "Structured input",
        None: "Not known whether the input is structured, so the average counts",
        False: "Free text or scans, which a language model has to read",
    }[step.structured_input])  # fmt: skip
    said = "" if step.exception_rate is not None else " (assumed)"
    yield _part(
        "exceptions",
        max(1 - 2 * rate, Decimal(0)),
        f"{percent(rate)} exceptions{said}" if rate else "No exceptions",
    )
    hours = rounded(step.hours)
    yield _part("volume", min(step.hours / FULL_VOLUME, ONE), f"{plain(hours)} hours a month")
    yield _part("systems", *_systems(step.systems))


def _systems(systems: tuple[str, ...]) -> tuple[Decimal, str]:
    if not systems:
        return NO_SYSTEM, "No system named, so half counts"
    score = max(1 - NEXT_SYSTEM * (len(systems) - 1), LEAST_OF_SYSTEMS)
    return score, "1 system to connect" if len(systems) == 1 else f"{len(systems)} systems to connect"


def _part(key: str, score: Decimal, said: str) -> Part:
    part = Part(key, rounded(score, 4).normalize() + 0, "")
    return Part(key, part.score, f"{said}: {plain(part.points)} of {plain(part.most)} points.")


def plain(value: Decimal) -> str:
    """A number without needless zeros: `7.5`, `1,200`."""
    return f"{value.normalize() + 0:,f}"


def percent(share: Decimal) -> str:
    return f"{plain(rounded(share * 100, 1))} %"
