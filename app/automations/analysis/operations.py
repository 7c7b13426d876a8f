"""Making analyses: of steps, of a description that a model has read, of events, of a file; and deploying them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.analysis.answers import OF_LOGS, result_of
from app.automations.analysis.errors import DescriptionMissing, NotReady, OneSourceOnly, StepsMissing
from app.automations.analysis.facts import Assumptions, Process, ProcessStep
from app.automations.analysis.logs.events import NOT_SAID, BadLog, Event, EventLog, microseconds
from app.automations.analysis.logs.measuring import measure
from app.automations.analysis.logs.opening import read_log
from app.automations.analysis.logs.steps import steps_from
from app.automations.analysis.logs.table_logs import Progress, Settings
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.reading import Complete, read_steps
from app.automations.analysis.schemas import AnalyzeInput, AnalyzeStep, EventLogInput
from app.automations.analysis.scoring import Analysed, analyse
from app.automations.definitions.schemas import WorkflowInput
from app.automations.models import Automation
from app.automations.operations import deploy
from app.core.audit import Actor, audit_as
from app.core.clock import now, zone_of
from app.core.errors import FieldError, Invalid
from app.core.numbers import rounded
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import is_staff

NEEDED = ("minutes", "times_per_month")
NOT_IN_LOGS = ("rule_based", "structured_input", "systems")
USUAL_TIMES = Decimal(20)
"""Times a month that are assumed of a step where a description says none: once a working day."""
MOST_MINUTES_SAVED = Decimal(100_000)


@dataclass(frozen=True)
class Given:
    """The steps of a process, with what nobody has said of each, and the figures of the log that they are of."""

    steps: Sequence[ProcessStep]
    source: str = "steps"
    method: str = "rules"
    guessed: Mapping[str, Sequence[str]] | None = None
    figures: Mapping[str, Any] | None = None
    cost: Decimal | None = None


def source_of(values: AnalyzeInput) -> str:
    """What an analysis rests on. Raises `Invalid` for two event logs, and where there is nothing to rest on."""
    if values.events is not None and values.event_log is not None:
        raise OneSourceOnly
    if values.events is not None or values.event_log is not None:
        return "event_log"
    if values.steps:
        return "steps"
    if not values.description.strip():
        raise DescriptionMissing(errors=[*DescriptionMissing().errors, *StepsMissing().errors])
    return "description"


def given_by(values: AnalyzeInput, complete: Complete | None) -> Given:
    """What there is to analyse, of all but a file. It may ask a language model, so there is no transaction around it.
    Raises `Invalid` for what is missing."""
    source = source_of(values)
    if source == "event_log":
        return _of_events(values)
    if source == "steps":
        return Given(_steps(values.steps or ()))
    if complete is None:
        raise StepsMissing
    assumed = assumptions_of(values)
    read = read_steps(values.description, complete, minutes=assumed.unknown_minutes, times=USUAL_TIMES)
    return Given([one.step for one in read], "description", "model", {one.step.name: one.guessed for one in read})


def keep_analysis(values: AnalyzeInput, given: Given, *, client_id: UUID | None, actor: Actor) -> ProcessAnalysis:
    """Analyse it, and keep what was asked and answered."""
    analysis = _new(values, given.source, "ready", client_id, actor)
    _answer(analysis, values, given)
    db.session.add(analysis)
    db.session.flush()
    return analysis


def company_for_analysis(person: Any, client_id: UUID | None) -> UUID | None:
    """For which company somebody analyses: their own, or for staff the one that is named, or none."""
    return None if client_id is None and is_staff(person) else company_for(person, client_id)


def begin_reading(values: AnalyzeInput, file_id: UUID, *, client_id: UUID | None, actor: Actor) -> ProcessAnalysis:
    """Keep an analysis whose event log is still to be read."""
    analysis = _new(values, "event_log", "reading", client_id, actor)
    analysis.file_id = file_id
    db.session.add(analysis)
    db.session.flush()
    return analysis


def given_by_file(asked: Mapping[str, Any], path: Path, progress: Progress = lambda _: None) -> Given:
    """What the file of an analysis shows; it takes long, and needs no transaction. Raises `BadLog`."""
    values = AnalyzeInput.model_validate(asked)
    assert values.event_log is not None
    return _of_log(values, read_log(path, settings_of(values.event_log), progress))


def finish_reading(analysis: ProcessAnalysis, given: Given, *, actor: Actor) -> None:
    """Answer an analysis with what its file shows. Callers hold the row."""
    values = AnalyzeInput.model_validate(analysis.input)
    audit_as(db.session, actor=actor, action="update")
    _answer(analysis, values, given)
    analysis.state = "ready"
    db.session.flush()


def give_up_reading(analysis: ProcessAnalysis, reason: str, *, actor: Actor) -> None:
    audit_as(db.session, actor=actor, action="update")
    analysis.state, analysis.error = "failed", reason[:1_000]
    db.session.flush()


def abandon(older: timedelta, *, actor: Actor) -> None:
    """Give up on files that nobody has read for so long: their job was cancelled."""
    waiting = select(ProcessAnalysis).where(
        ProcessAnalysis.state == "reading", ProcessAnalysis.created_at < now() - older
    )
    for analysis in db.session.scalars(waiting.with_for_update(skip_locked=True)):
        give_up_reading(analysis, "The file was never read. Send it again.", actor=actor)


def change_answers(
    analysis: ProcessAnalysis, said: Sequence[AnalyzeStep], changes: Mapping[str, Any], *, actor: Actor
) -> ProcessAnalysis:
    """Analyse it again with other answers: what `said` says of steps by their names, another hourly cost, other
    assumptions. Callers hold the row. Raises `NotReady`."""
    values, given = _with_answers(analysis, said, changes)
    audit_as(db.session, actor=actor, action="update")
    analysis.input = values.model_dump(mode="json", exclude={"client_id"}) | {
        "steps": [one.model_dump(mode="json") for one in said]
    }
    analysis.currency = values.currency
    _answer(analysis, values, given)
    db.session.flush()
    return analysis


def preview_answers(
    analysis: ProcessAnalysis, said: Sequence[AnalyzeStep], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The result that `change_answers` would lead to; nothing is kept. Raises `NotReady`."""
    return _result(*_with_answers(analysis, said, changes))[1]


def _with_answers(
    analysis: ProcessAnalysis, said: Sequence[AnalyzeStep], changes: Mapping[str, Any]
) -> tuple[AnalyzeInput, Given]:
    if analysis.result is None:
        raise NotReady
    return AnalyzeInput.model_validate({**analysis.input, **changes}), _again(analysis, said)


def deploy_analysis(analysis: ProcessAnalysis, name: str, *, client_id: UUID, actor: Any) -> Automation:
    """Deploy the suggested workflow as it is. The automation knows what was promised of it."""
    if analysis.result is None:
        raise NotReady
    workflow = WorkflowInput.model_validate(analysis.result["suggested_workflow"])
    return deploy(name, workflow, client_id=client_id, actor=actor, **promises_of(analysis))


def promises_of(analysis: ProcessAnalysis) -> dict[str, Any]:
    """What an automation that is made of an analysis keeps of it: for `deploy`."""
    if analysis.result is None:
        raise NotReady
    minutes = Decimal(str(analysis.result["minutes_saved_per_run"]))
    return {
        "analysis_id": analysis.id,
        "promised_hours": analysis.hours_saved_per_month,
        "minutes_saved": min(rounded(minutes), MOST_MINUTES_SAVED),
    }


def assumptions_of(values: AnalyzeInput) -> Assumptions:
    return Assumptions(**values.assumptions.model_dump())


def settings_of(asked: EventLogInput) -> Settings:
    """How a file is to be read. Raises `Invalid` for a zone that isn’t there."""
    zone = zone_of(asked.timezone)
    if zone is None:
        raise Invalid(f"There is no time zone {asked.timezone}.", at="/event_log/timezone", wrong="unknown-time-zone")
    columns: Mapping[str, str] = {name: heading for name, heading in asked.columns.items() if heading}
    return Settings(zone, asked.day_order, columns, asked.classifier)


def _new(values: AnalyzeInput, source: str, state: str, client_id: UUID | None, actor: Actor) -> ProcessAnalysis:
    audit_as(db.session, actor=actor, action="create")
    asked = values.model_dump(mode="json", exclude={"client_id", "events"})
    return ProcessAnalysis(
        client_id=client_id, author_id=actor.id, process=values.process, source=source, state=state,
        currency=values.currency, input=asked,
    )  # fmt: skip


def _answer(analysis: ProcessAnalysis, values: AnalyzeInput, given: Given) -> None:
    found, result = _result(values, given)
    analysis.method = given.method
    analysis.score, analysis.annual_saving = found.score, found.annual_saving
    analysis.hours_saved_per_month, analysis.payback_months = found.hours_saved_per_month, found.payback_months
    analysis.result = result


def _result(values: AnalyzeInput, given: Given) -> tuple[Analysed, dict[str, Any]]:
    steps, assumed = tuple(given.steps), assumptions_of(values)
    found = analyse(Process(values.process, steps, values.hourly_cost, values.currency, assumed))
    return found, result_of(
        found, method=given.method, guessed=given.guessed or {}, figures=given.figures, cost=given.cost
    )


def _steps(steps: Sequence[AnalyzeStep]) -> list[ProcessStep]:
    missing = [
        FieldError(f"/steps/{at}/{name}", "Say this of the step.", "missing")
        for at, step in enumerate(steps)
        for name in NEEDED
        if getattr(step, name) is None
    ]
    if missing:
        raise Invalid("Something that the analysis needs is missing.", errors=missing)
    return [ProcessStep(**_said(step)) for step in steps]


def _said(step: AnalyzeStep) -> dict[str, Any]:
    """What somebody says of a step; what they leave out isn’t in it."""
    said = {name: value for name, value in step.model_dump().items() if value is not None}
    return {**said, "systems": tuple(dict.fromkeys(step.systems))}


def _of_events(values: AnalyzeInput) -> Given:
    log = EventLog()
    wrong = []
    for at, event in enumerate(values.events or ()):
        begun = NOT_SAID if event.started_at is None else microseconds(event.started_at)
        try:
            log.add(Event(event.case, event.activity, microseconds(event.at), begun, event.resource))
        except ValueError as error:
            wrong.append(FieldError(f"/events/{at}", str(error), "bad-event"))
    if wrong:
        raise BadLog("Some of the events can’t be.", errors=wrong)
    costs = [event.cost for event in values.events or () if event.cost is not None]
    return _of_log(values, log, sum(costs, Decimal(0)) if costs else None)


def _of_log(values: AnalyzeInput, log: EventLog, cost: Decimal | None = None) -> Given:
    said = {step.name: _said(step) for step in values.steps or ()}
    unknown = (name for name in said if name not in log.activities)
    log.notes += [f"“{name}” is no activity of the log, so what the steps say of it isn’t used." for name in unknown]
    figures = measure(log)
    steps = steps_from(figures, said, assumptions_of(values))
    return Given(steps, "event_log", "rules", _not_in_log(figures, said), figures, cost)


def _not_in_log(figures: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """What a log can’t tell, by activity, as far as nobody has said it."""
    unknown: dict[str, list[str]] = {}
    for row in figures["activities"]:
        of_step = said.get(row["activity"], {})
        not_told = NOT_IN_LOGS if row["timed"] else ("minutes", *NOT_IN_LOGS)
        unknown[row["activity"]] = [name for name in not_told if of_step.get(name) in (None, ())]
    return unknown


def _again(analysis: ProcessAnalysis, said: Sequence[AnalyzeStep]) -> Given:
    """The steps that were analysed, with what is said of them now."""
    result = analysis.result or {}
    by_name = {step.name: _said(step) for step in said}
    steps = [_kept(step, by_name.get(step["name"], {})) for step in result["steps"]]
    guessed = {
        step["name"]: [name for name in step["guessed"] if by_name.get(step["name"], {}).get(name) in (None, ())]
        for step in result["steps"]
    }
    log = result.get("log")
    figures = None if log is None else {**log, **{name: result[name] for name in OF_LOGS}}
    cost = None if log is None or log["cost"] is None else Decimal(log["cost"])
    return Given(steps, analysis.source, analysis.method, guessed, figures, cost)


def _kept(step: Mapping[str, Any], said: Mapping[str, Any]) -> ProcessStep:
    numbers = {name: step[name] for name in (*NEEDED, "exception_rate")}
    kept: dict[str, Any] = {
        "name": step["name"],
        **{name: None if value is None else Decimal(str(value)) for name, value in numbers.items()},
        **{name: step[name] for name in ("rule_based", "structured_input")},
        "systems": tuple(step["systems"]),
    }
    return ProcessStep(**{**kept, **said})
