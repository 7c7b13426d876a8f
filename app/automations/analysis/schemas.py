"""What an analysis takes and answers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.automations.analysis.facts import MOST_STEPS, Assumptions
from app.core.money import Amount, Currency, MoneyOut
from app.core.numbers import Number, NumberOut
from app.core.schemas import Input, Line, Output, Prose, TimeOut

MOST_EVENTS_SENT = 20_000
MOST_SYSTEMS = 20
Minutes = Annotated[Decimal, Number(0, 10_000, decimals=2)]
Times = Annotated[Decimal, Number(0, 1_000_000, decimals=2)]
Rate = Annotated[Decimal, Number(0, 1, decimals=2)]
Hours = Annotated[Decimal, Number(0, 1_000, decimals=2)]
StepName = Annotated[str, Line(160, min_length=1)]
SystemName = Annotated[str, Line(80, min_length=1)]
HourlyCost = Annotated[Decimal, Amount(digits=5)]
_USUAL = Assumptions()


def _moment(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("datetime", "Give a time as in 2026-12-01T14:05:00Z.")
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
    except ValueError:
        raise PydanticCustomError("datetime", "Give a time as in 2026-12-01T14:05:00Z.") from None
    if found.tzinfo is None:
        raise PydanticCustomError("time_zone", "Give the time with its zone, as in 2026-12-01T14:05:00Z.")
    try:
        found.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime", "Give a time of the years 1 to 9999.") from None
    return found


Moment = Annotated[datetime, BeforeValidator(_moment)]


class AnalyzeStep(Input):
    """A step as it is done today. What is left out, or null, isn’t known. `minutes` and `times_per_month` are needed
    unless an event log has the step; `exception_rate` is a share of 1."""

    name: StepName
    minutes: Minutes | None = None
    times_per_month: Times | None = None
    rule_based: bool | None = None
    structured_input: bool | None = None
    systems: Annotated[list[SystemName], Field(max_length=MOST_SYSTEMS)] = Field(default_factory=list)
    exception_rate: Rate | None = None


class LogEvent(Input):
    """An event. `at` is when it was completed."""

    case: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    activity: StepName
    at: Moment
    started_at: Moment | None = None
    resource: Annotated[str, Line(160)] = ""
    cost: Annotated[Decimal, Amount()] | None = None


class EventLogInput(Input):
    """A file that was sent, and how it is read: the zone of times without one, whether the day comes first or the
    month, what columns are called whose names don’t say it, and the classifier of a file of XES."""

    file_id: UUID
    timezone: Annotated[str, Field(max_length=64, examples=["Europe/Berlin"])] = "UTC"
    day_order: Literal["dmy", "mdy"] | None = None
    columns: dict[Literal["case", "activity", "at", "started_at", "resource"], Annotated[str, Line(200)]] = Field(
        default_factory=dict
    )
    classifier: Annotated[str, Line(200)] = ""


class AssumptionsInput(Input):
    """What building takes, and what counts where nobody has said; see docs/automation-analysis.md."""

    setup_hours: Hours = _USUAL.setup_hours
    hours_per_step: Hours = _USUAL.hours_per_step
    hours_per_system: Hours = _USUAL.hours_per_system
    build_rate: HourlyCost = _USUAL.build_rate
    unknown_exception_rate: Rate = _USUAL.unknown_exception_rate
    unknown_minutes: Minutes = _USUAL.unknown_minutes


class AnalyzeInput(Input):
    """A process: by its `steps`, by an event log (`events` or `event_log`), or by a `description` that a language model
    reads. With an event log, that is the `source`: `steps` say what it can’t tell, by the names of its activities, and
    `log.notes` names those that are none. `client_id` is for staff;
    without it, what they analyse belongs to no company."""

    process: Annotated[str, Line(160, min_length=1)]
    description: Annotated[str, Prose(20_000)] = ""
    steps: Annotated[list[AnalyzeStep], Field(max_length=MOST_STEPS)] | None = None
    hourly_cost: HourlyCost
    currency: Currency = "EUR"
    events: Annotated[list[LogEvent], Field(min_length=1, max_length=MOST_EVENTS_SENT)] | None = None
    event_log: EventLogInput | None = None
    assumptions: AssumptionsInput = Field(default_factory=AssumptionsInput)
    client_id: UUID | None = None


class PartOut(Output):
    """What a part adds to the potential of a step: 100 · `weight` · `score`."""

    key: Literal["rules", "input", "exceptions", "volume", "systems"]
    score: NumberOut
    weight: NumberOut
    points: NumberOut
    reason: str


class StepOut(Output):
    """`guessed` names what a language model read out of the description, or what the event log couldn’t tell."""

    name: str
    potential: int
    reasons: list[str]
    suggested_step_type: str
    minutes: NumberOut
    times_per_month: NumberOut
    rule_based: bool | None
    structured_input: bool | None
    systems: list[str]
    exception_rate: NumberOut | None
    exception_rate_used: NumberOut
    hours_per_month: NumberOut
    hours_saved_per_month: NumberOut
    handled: NumberOut
    is_automated: bool
    parts: list[PartOut]
    guessed: list[str]


class AssumptionsOut(Output):
    setup_hours: NumberOut
    hours_per_step: NumberOut
    hours_per_system: NumberOut
    build_rate: MoneyOut
    unknown_exception_rate: NumberOut
    unknown_minutes: NumberOut


class SpreadOut(Output):
    hours: float
    median_hours: float
    p90_hours: float


class VariantOut(Output):
    activities: list[str]
    cases: int
    share: float


class RepeatedOut(Output):
    activity: str
    cases: int
    repeats: int


class ReworkOut(Output):
    """Cases in which an activity was done more than once."""

    cases: int
    share: float
    activities: list[RepeatedOut]


class BottleneckOut(SpreadOut):
    """Where hours go: `waiting` between `from` and `to`, or `working` on `activity`."""

    kind: Literal["waiting", "working"]
    from_: Annotated[str | None, Field(alias="from", serialization_alias="from")] = None
    to: str | None = None
    activity: str | None = None
    count: int
    share: float


class ActivityOut(Output):
    activity: str
    count: int
    cases: int
    repeated_in_cases: int
    place: float
    starts: int
    ends: int
    timed: int
    working: SpreadOut
    waiting: SpreadOut


class EdgeOut(Output):
    from_: Annotated[str, Field(alias="from", serialization_alias="from")]
    to: str
    count: int
    waiting: SpreadOut


class ResourceOut(Output):
    resource: str
    events: int


class ThroughputOut(Output):
    median_hours: float
    p90_hours: float
    mean_hours: float
    least_hours: float
    most_hours: float


class WrongRowOut(Output):
    row: int
    message: str


class LogOut(Output):
    """The other figures of an event log; docs/automation-analysis.md defines them."""

    cases: int
    events: int
    first_at: str
    last_at: str
    months: NumberOut
    has_durations: bool
    cost: MoneyOut | None
    throughput: ThroughputOut
    variants_total: int
    activities: list[ActivityOut]
    edges: list[EdgeOut]
    edges_total: int
    resources: list[ResourceOut]
    resources_total: int
    handovers: list[EdgeOut]
    handovers_total: int
    wrong_rows: list[WrongRowOut]
    wrong_rows_total: int
    notes: list[str]


class AnalysisResult(Output):
    """What an analysis comes to. `because` tells the arithmetic; the last six are there for event logs."""

    score: int
    steps: list[StepOut]
    hours_saved_per_month: NumberOut
    annual_saving: MoneyOut
    currency: str
    build_hours: NumberOut
    build_cost: MoneyOut
    payback_months: NumberOut | None
    minutes_saved_per_run: NumberOut
    runs_per_month: NumberOut
    suggested_workflow: dict[str, Any]
    method: Literal["rules", "model"]
    because: list[str]
    assumptions: AssumptionsOut
    hourly_cost: MoneyOut
    variants: list[VariantOut] | None = None
    rework: ReworkOut | None = None
    waiting_hours: float | None = None
    working_hours: float | None = None
    bottlenecks: list[BottleneckOut] | None = None
    log: LogOut | None = None


class AnalysisOut(Output):
    """An analysis in the list; the figures are null until it is ready."""

    id: UUID
    client_id: UUID | None
    process: str
    source: Literal["steps", "description", "event_log"]
    method: Literal["rules", "model"]
    state: Literal["reading", "ready", "failed"]
    score: int | None
    hours_saved_per_month: NumberOut | None
    annual_saving: MoneyOut | None
    payback_months: NumberOut | None
    currency: str
    error: str
    created_at: TimeOut
    updated_at: TimeOut
    archived_at: TimeOut | None


class AnalyzeAnswer(AnalysisResult):
    """The analysis that was made, with what it comes to."""

    id: UUID
    client_id: UUID | None
    process: str
    source: Literal["steps", "description", "event_log"]
    state: Literal["ready"]
    created_at: TimeOut


class KeptAnalysisOut(AnalysisOut):
    """An analysis as it is kept: `result` is null until it is ready; `automations` were deployed from it."""

    result: AnalysisResult | None
    automations: list[UUID]


class EventLogFileOut(Output):
    """A file that waits to be read; it is deleted after a day."""

    id: UUID
    name: str
    size: int
    created_at: TimeOut
