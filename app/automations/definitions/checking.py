"""The check of a whole definition before it is deployed. Every problem is found at once, each with its place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import ValidationError

from app.automations.definitions.constants import problems_of_constants, warnings_of_constants
from app.automations.definitions.places import problems_of_form
from app.automations.definitions.schemas import EventTrigger, ScheduleTrigger, StepInput, WorkflowInput
from app.automations.definitions.types import (
    INSIDE_LOOPS,
    STEP_TYPES,
    ForEachWith,
    InnerStep,
    RecordWith,
    StepType,
    WorkflowWith,
)
from app.automations.expressions.errors import BadExpression
from app.automations.expressions.inference import Names, Shape, check_types
from app.automations.expressions.templates import parts_of, texts_in
from app.automations.records.checking import problems_of_record
from app.automations.schedules import problem_of_cron
from app.core.clock import zone_of
from app.core.errors import FieldError
from app.integrations.outgoing.addresses import Networks

TRIGGER_MEMBERS: Mapping[str, Collection[str]] = {
    "schedule": ("scheduled_for", "local_time", "timezone", "missed_since"),
    "webhook": ("body", "headers", "query"),
    "event": ("event", "record", "data"),
}
"""What `trigger` has besides `type` and `input`, where it isn't a person who gives it."""


@dataclass(frozen=True)
class Surroundings:
    """What a definition may refer to: the company's secrets, workflows and data tables with their columns, and the
    declared events."""

    secrets: Collection[str] = ()
    workflows: Collection[str] = ()
    events: Collection[str] = ()
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass
class _Check:
    workflow: WorkflowInput
    around: Surroundings
    problems: list[FieldError] = field(default_factory=list)
    doubts: list[FieldError] = field(default_factory=list)
    at: str = ""
    """Where the expression stands that is being checked."""

    def say(self, pointer: str, message: str, code: str) -> None:
        self.problems.append(FieldError(pointer, message, code))


def problems_of(workflow: WorkflowInput, around: Surroundings, pointer: str = "/workflow") -> list[FieldError]:
    """What is wrong with a definition, in the order in which it is written; nothing if it can be deployed."""
    check = _Check(workflow, around)
    _check_trigger(check, f"{pointer}/trigger")
    _check_steps(check, f"{pointer}/steps")
    return check.problems


def _check_steps(check: _Check, at: str) -> None:
    order = _check_graph(check, at)
    for index, step in enumerate(check.workflow.steps):
        _check_step(check, step, f"{at}/{index}", order.get(step.id, frozenset()))


def warnings_of(workflow: WorkflowInput, pointer: str = "/workflow", *, private: Networks = ()) -> list[FieldError]:
    """What can be deployed and is likely to fail all the same: targets on networks that aren't `private` ones that may
    be reached, and members of `trigger` that the runs of this trigger don't have."""
    check = _Check(workflow, Surroundings())
    _check_steps(check, f"{pointer}/steps")
    found = list({one.pointer: one for one in check.doubts}.values())
    for index, step in enumerate(workflow.steps):
        at, given = f"{pointer}/steps/{index}/with", step.with_
        if step.type == "for_each":
            at, given = f"{at}/step/with", given.get("step", {}).get("with", {})
        found += [FieldError(f"{at}/url", one.message, one.code) for one in warnings_of_constants(given, private)]
    return found


def _check_trigger(check: _Check, at: str) -> None:
    match check.workflow.trigger:
        case ScheduleTrigger(cron=cron, timezone=zone):
            if zone_of(zone) is None:
                check.say(f"{at}/timezone", f"There is no time zone {zone}.", "unknown-time-zone")
            if problem := problem_of_cron(cron):
                check.say(f"{at}/cron", problem, "bad-cron")
        case EventTrigger(event=event) if event not in check.around.events:
            check.say(f"{at}/event", _unknown("event", event, check.around.events), "unknown-event")


def _check_graph(check: _Check, at: str) -> Mapping[str, frozenset[str]]:
    """Each step's id with all steps that are over before it begins; with all there are, where some wait in a circle."""
    steps = check.workflow.steps
    ids = [step.id for step in steps]
    for index, step in enumerate(steps):
        if step.id in ids[:index]:
            check.say(f"{at}/{index}/id", f"Two steps have the ID {step.id}.", "duplicate-step")
        for place, need in enumerate(step.needs):
            if need not in ids:
                check.say(f"{at}/{index}/needs/{place}", _unknown("step", need, ids), "unknown-step")
            elif need in step.needs[:place]:
                check.say(f"{at}/{index}/needs/{place}", f"{need} is listed twice.", "duplicate-need")
    graph = {step.id: [need for need in step.needs if need in ids] for step in steps}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = error.args[1][::-1]
        index = ids.index(circle[0])
        check.say(f"{at}/{index}/needs", f"These steps wait for each other: {' → '.join(circle)}.", "cycle")
        return dict.fromkeys(ids, frozenset(ids))
    before: dict[str, frozenset[str]] = {}
    for one in order:
        before[one] = frozenset(graph[one]).union(*(before[need] for need in graph[one]))
    return before


def _check_step(check: _Check, step: StepInput, at: str, before: frozenset[str]) -> None:
    names = _names(check, step.id, before)
    if step.if_ is not None:
        _check_expression(check, step.if_, f"{at}/if", names)
    _check_body(check, step, at, names)


def _check_body(check: _Check, step: StepInput | InnerStep, at: str, names: Names, inside: bool = False) -> None:
    kind = STEP_TYPES.get(step.type)
    if kind is None:
        check.say(f"{at}/type", _unknown("step type", step.type, STEP_TYPES), "unknown-step-type")
        return
    if inside and kind.name not in INSIDE_LOOPS:
        check.say(f"{at}/type", f"A step of type {kind.name} can’t run inside a loop.", "not-in-loops")
    _check_form(check, step, kind, f"{at}/with")
    in_with = names if kind.secrets else _without_secrets(names)
    for name in kind.expressions:
        if isinstance(expression := step.with_.get(name), str):
            _check_expression(check, expression, f"{at}/with/{name}", in_with)
    _check_templates(check, step, kind, f"{at}/with", names=in_with, outside=names)


def _check_form(check: _Check, step: StepInput | InnerStep, kind: StepType, at: str) -> None:
    if kind.form is None:
        return
    try:
        form = kind.form.model_validate(step.with_)
    except ValidationError as error:
        check.problems += problems_of_form(error, step.with_, at)
        return
    if isinstance(form, WorkflowWith) and str(form.workflow_id) not in check.around.workflows:
        check.say(f"{at}/workflow_id", "The company has no workflow with this ID.", "unknown-workflow")
    for problem in problems_of_constants(form):
        check.say(f"{at}{problem.pointer}", problem.message, problem.code)
    if isinstance(form, RecordWith):
        for problem in problems_of_record(form, check.around.tables):
            check.say(f"{at}{problem.pointer}", problem.message, problem.code)


def _check_templates(
    check: _Check, step: StepInput | InnerStep, kind: StepType, at: str, *, names: Names, outside: Names
) -> None:
    plain = {name: value for name, value in step.with_.items() if name not in kind.expressions}
    inner = plain.pop("step", None) if kind.form is ForEachWith else None
    for place, text in texts_in(plain):
        try:
            parts = parts_of(text)
        except BadExpression as error:
            check.say(f"{at}{place}", _with_place(error), "bad-expression")
            continue
        for part in parts:
            if part.is_expression:
                _check_expression(check, part.text, f"{at}{place}", names, part.at)
    if inner is not None:
        try:
            one = InnerStep.model_validate(inner)
        except ValidationError:
            return  # The form of the loop has said so.
        around = Names({**outside.shapes, "item": "any", "index": "number"}, outside.refuse)
        if one.if_ is not None:
            _check_expression(check, one.if_, f"{at}/step/if", around)
        _check_body(check, one, f"{at}/step", around, inside=True)


def _check_expression(check: _Check, source: str, at: str, names: Names, offset: int = 0) -> None:
    check.at, doubted = at, len(check.doubts)
    try:
        check_types(source, names)
    except BadExpression as error:
        check.say(at, _with_place(error, offset), "bad-expression")
    if "default(" in source:
        # Whoever says what to take instead knows that it may be missing.
        del check.doubts[doubted:]


def _with_place(error: BadExpression, offset: int = 0) -> str:
    return error.message if error.at is None else f"{error.message} (character {offset + error.at + 1})"


def _names(check: _Check, step_id: str, before: frozenset[str]) -> Names:
    steps = {step.id: step for step in check.workflow.steps}

    def refuse(path: list[str]) -> str | None:
        match path:
            case ["steps", str(one)] if one not in steps:
                return _unknown("step", one, steps)
            case ["steps", str(one)] if one == step_id:
                return "A step can’t read its own output."
            case ["steps", str(one)] if one not in before:
                return f"{one} may not have finished when this step starts. Add it to needs."
            case ["secrets", str(one)] if one not in check.around.secrets:
                return _unknown("secret", one, check.around.secrets)
            case ["trigger", str(one)] if one not in ("type", "input"):
                _doubt(check, one)
            case ["trigger", "input", str(one)]:
                _doubt(check, one)
        return None

    shapes: dict[str, Shape] = {
        "trigger": "object",
        "steps": {one: _shape_of(steps[one]) for one in steps},
        "secrets": dict.fromkeys(check.around.secrets, "text"),
        "run": {"id": "text", "workflow_id": "text", "version": "number", "started_at": "text"},
    }
    return Names(shapes, refuse)


def _doubt(check: _Check, member: str) -> None:
    """Note a member of `trigger` that runs of this trigger don't have. A run that somebody starts may have any, and has
    all of them in `input` as well."""
    members = TRIGGER_MEMBERS.get(check.workflow.trigger.type)
    if members is not None and member not in members:
        given = ", ".join(f"trigger.{name}" for name in members)
        said = f"Only runs that are started by hand may have this value. This trigger gives {given}."
        check.doubts.append(FieldError(check.at, said, "not-of-trigger"))


def _without_secrets(names: Names) -> Names:
    def refuse(path: list[str]) -> str | None:
        if path == ["secrets"]:
            return "Secrets can’t be used here because these values are stored. Use them in the step that sends them."
        return names.refuse(path)

    return Names(names.shapes, refuse)


def _shape_of(step: StepInput) -> Shape:
    kind = STEP_TYPES.get(step.type)
    output: Shape = "any"
    if kind is not None and kind.name == "transform":
        output = dict.fromkeys(step.with_, "any")
    elif kind is not None and kind.output is not None:
        output = dict(kind.output)
    return {"output": output, "status": "text", "error": "any"}


def _unknown(what: str, name: str, known: Collection[Any]) -> str:
    close = get_close_matches(name, [str(one) for one in known], 1)
    return f"There is no {what} {name}." + (f" Did you mean {close[0]}?" if close else "")
