"""The course of a run as bars along its time: when each step waited, when it was tried, and for how long.

Plain values in, plain values out; the template draws them as SVG, `WIDTH` units wide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from app.automations.definitions.schemas import StepInput
from app.automations.monitoring.reading import Step

WIDTH = 1_000.0
NARROWEST = 5.0
"""How wide a bar is at least, so that a step of a millisecond is seen beside one of an hour."""
TICKS = 4

Look = Literal["wait", "run", "failed", "cut-off", "open"]
"""`wait` is time in which nothing is done for the step; the others are tries, `open` one that goes on."""
_WAITING_TYPES = ("delay", "approval", "workflow")


@dataclass(frozen=True)
class Bar:
    look: Look
    x: float
    width: float
    begins: datetime
    ends: datetime

    @property
    def lasted(self) -> timedelta:
        return self.ends - self.begins


@dataclass(frozen=True)
class Lane:
    """A step of the definition. Without a `step`, it hasn't begun."""

    id: str
    name: str
    type: str
    status: str
    step: Step | None
    bars: Sequence[Bar]
    kept: bool
    """Whether its result comes from the run that this one is a retry of."""

    @property
    def lasted(self) -> timedelta | None:
        """From its first try or its beginning to its end."""
        if self.step is None or self.step.started_at is None or self.kept:
            return None
        ends = self.bars[-1].ends if self.bars else self.step.finished_at
        return ends - self.step.started_at if ends is not None else None


@dataclass(frozen=True)
class Waterfall:
    lanes: Sequence[Lane]
    begins: datetime
    ends: datetime

    @property
    def ticks(self) -> Sequence[timedelta]:
        """What the scale says, in equal distances from the left edge to the right."""
        return [(self.ends - self.begins) * n / TICKS for n in range(TICKS + 1)]


def draw_run(
    definition: Sequence[StepInput],
    steps: Mapping[str, Step],
    begins: datetime,
    ends: datetime,
    names: Mapping[str, str],
) -> Waterfall:
    """The lanes of all steps of the definition, in its order. `names` says what a step without a name is called, by its
    type."""
    scale = _Scale(begins, max(ends, begins + timedelta(milliseconds=1)))
    lanes = []
    for one in definition:
        step = steps.get(one.id)
        kept = step is not None and step.finished_at is not None and step.finished_at < begins
        bars = () if step is None or kept else tuple(_bars(step, _ready_at(one, steps, begins), scale))
        label = one.name or names.get(one.type, one.type)
        lanes.append(Lane(one.id, label, one.type, step.status if step else "pending", step, bars, kept))
    return Waterfall(lanes, scale.begins, scale.ends)


@dataclass(frozen=True)
class _Scale:
    begins: datetime
    ends: datetime

    def bar(self, look: Look, begins: datetime, ends: datetime) -> Bar:
        span = (self.ends - self.begins).total_seconds()
        x = WIDTH * max((begins - self.begins).total_seconds(), 0) / span
        width = max(WIDTH * (ends - begins).total_seconds() / span, NARROWEST)
        width = min(width, WIDTH)
        return Bar(look, round(min(x, WIDTH - width), 1), round(width, 1), begins, ends)


def _ready_at(one: StepInput, steps: Mapping[str, Step], begins: datetime) -> datetime:
    """When the last step that it needs was over."""
    ends: list[datetime | None] = [steps[need].finished_at for need in one.needs if need in steps]
    return max([begins, *(end for end in ends if end is not None)])


def _bars(step: Step, ready: datetime, scale: _Scale) -> Iterator[Bar]:
    if step.status == "skipped":
        return
    here = ready
    tries = list(_tries(step, scale.ends))
    for look, begins, ends in tries:
        if begins > here:
            yield scale.bar("wait", here, begins)
        yield scale.bar(look, begins, ends)
        here = max(here, ends)
    over = step.finished_at or scale.ends
    if over > here and (step.status in ("queued", "waiting") or not tries):
        yield scale.bar("wait", here, over)


def _tries(step: Step, until: datetime) -> Iterator[tuple[Look, datetime, datetime]]:
    for attempt in step.attempts:
        yield _look_of(attempt), attempt.started_at, attempt.finished_at or step.finished_at or until
    if not step.attempts and step.started_at is not None and step.type not in _WAITING_TYPES:
        look: Look = "open" if step.finished_at is None else "failed" if step.status == "failed" else "run"
        yield look, step.started_at, step.finished_at or until


def _look_of(attempt: Any) -> Look:
    if attempt.finished_at is None:
        return "open"
    if attempt.error is None:
        return "run"
    return "cut-off" if attempt.error.get("cut_off") else "failed"
