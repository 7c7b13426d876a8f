"""What the editor's page shows of a draft: its steps with their problems, the drawing, and the form that is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from json import dumps
from typing import Any

from sqlalchemy import select

from app.automations import operations as automations
from app.automations.definitions.checking import Surroundings, warnings_of
from app.automations.definitions.schemas import WorkflowInput
from app.automations.definitions.types import STEP_TYPES, StepType
from app.automations.drawing.workflows import Drawing, draw_workflow
from app.automations.editor.edits import index_of
from app.automations.editor.fields import Field, with_errors
from app.automations.editor.forms_of_steps import about_fields, trigger_fields, when_fields, with_fields
from app.automations.editor.models import Draft
from app.automations.editor.problems import Problems, problems_of_draft
from app.automations.editor.words import words_of_trigger
from app.automations.effects.http import private_targets
from app.automations.models import Automation
from app.automations.records.declared import DECLARED, actions_of
from app.automations.schedules import next_few, problem_of_cron
from app.automations.triggers.event_types import BeginningEvent, beginning_events
from app.core.clock import now, zone_of
from app.core.errors import FieldError
from app.extensions import db


@dataclass(frozen=True)
class StepRow:
    """A step in the list."""

    index: int
    step: Mapping[str, Any]
    problems: Sequence[FieldError]

    @property
    def id(self) -> str:
        return str(self.step["id"])

    @property
    def title(self) -> str:
        return str(self.step.get("name") or self.step["id"])

    @property
    def type(self) -> StepType | None:
        return STEP_TYPES.get(str(self.step.get("type")))

    @property
    def label(self) -> str:
        return self.type.label if self.type else f"Unknown type {self.step.get('type')}"

    @property
    def icon(self) -> str:
        return self.type.icon if self.type else "help"

    @property
    def seen(self) -> str:
        return fingerprint(self.step)


@dataclass(frozen=True)
class Forms:
    """The form of a step, in its three parts."""

    about: Sequence[Field]
    given: Sequence[Field]
    when: Sequence[Field]

    @property
    def all(self) -> list[Field]:
        return [*self.about, *self.given, *self.when]

    def has_details(self) -> bool:
        """Whether one of the fields that most steps don't need says something."""
        return any(one.errors or (one.text and one.name != "on_error") for one in self.when)


@dataclass
class Shown:
    """A draft as its pages show it."""

    draft: Draft

    @cached_property
    def around(self) -> Surroundings:
        return automations.surroundings_of(self.draft.client_id)

    @cached_property
    def problems(self) -> Problems:
        return problems_of_draft(self.draft.workflow, self.around)

    @cached_property
    def warnings(self) -> list[tuple[StepRow, FieldError]]:
        """The steps of a draft without problems that this installation’s settings would have fail, and why."""
        if self.problems:
            return []
        found = warnings_of(WorkflowInput.model_validate(self.draft.workflow), "", private=private_targets())
        return [(self.rows[int(one.pointer.split("/")[2])], one) for one in found]

    @cached_property
    def rows(self) -> list[StepRow]:
        return [StepRow(at, step, self.problems.of_step(at)) for at, step in enumerate(self.draft.steps)]

    @property
    def trigger(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.draft.workflow["trigger"]
        return found

    @property
    def trigger_words(self) -> tuple[str, str, str]:
        """Icon, name, and what is to be known besides."""
        return words_of_trigger(self.trigger)

    def row(self, step_id: str) -> StepRow:
        return self.rows[index_of(self.draft.workflow, step_id)]

    def drawing(self, base: str, states: Mapping[str, str] | None = None) -> Drawing:
        links = {row.id: f"{base}/steps/{row.id}#step" for row in self.rows}
        wrong = self.problems.wrong_steps(self.draft.workflow)
        return draw_workflow(self.draft.workflow, states, links, wrong=wrong)

    def forms(self, row: StepRow, given: Mapping[str, Any] | None = None) -> Forms:
        """The form of a step with its problems; `given` are other values than the draft has."""
        step, at = given or row.step, f"/steps/{row.index}"
        parts = [with_errors(part(step), row.problems, at) for part in (about_fields, with_fields, when_fields)]
        return Forms(parts[0], [self._with_options(one, step) for one in parts[1]], parts[2])

    def trigger_fields(self, kind: str) -> list[Field]:
        fields = with_errors(trigger_fields(self.trigger, kind), self.problems.of_trigger(), "/trigger")
        if kind != self.trigger.get("type"):
            fields = [replace(one, errors=()) for one in fields]
        return [self._with_events(one) if one.name == "event" else one for one in fields]

    @cached_property
    def events(self) -> list[BeginningEvent]:
        """Those that may begin it."""
        return [one for one in beginning_events() if one.name in self.around.events]

    @property
    def event(self) -> BeginningEvent | None:
        """The one that begins it."""
        return next((one for one in self.events if one.name == self.trigger.get("event")), None)

    def _with_events(self, one: Field) -> Field:
        made = _chosen_from(one, tuple((event.name, event.label) for event in self.events))
        known = {event.name for event in self.events}
        groups = tuple(
            (group, tuple((event.name, event.label) for event in these))
            for group, these in groupby(self.events, key=lambda event: event.group)
        )
        return replace(made, options=tuple(pair for pair in made.options if pair[0] not in known), groups=groups)

    def next_times(self) -> list[datetime]:
        """When the schedule comes due next, if it is one."""
        cron, zone = self.trigger.get("cron"), self.trigger.get("timezone", "UTC")
        if self.trigger.get("type") != "schedule" or not isinstance(cron, str) or not isinstance(zone, str):
            return []
        if problem_of_cron(cron) or zone_of(zone) is None:
            return []
        return next_few(cron, zone, now())

    def before(self, step_id: str) -> list[str]:
        """The steps that are over before this one begins: those that it needs, and what these need."""
        needs = {row.id: row.step.get("needs") or [] for row in self.rows}
        found: set[str] = set()
        waiting = list(needs.get(step_id, ()))
        while waiting:
            one = waiting.pop()
            if one in needs and one not in found and one != step_id:
                found.add(one)
                waiting += needs[one]
        return [row.id for row in self.rows if row.id in found]

    def _with_options(self, one: Field, step: Mapping[str, Any]) -> Field:
        given = step.get("with")
        kind = str(given.get("kind", "")) if isinstance(given, Mapping) else ""
        if step.get("type") == "record" and one.name == "with/kind":
            return _chosen_from(one, tuple((name, name.replace("_", " ").capitalize()) for name in DECLARED))
        if step.get("type") == "record" and one.name == "with/action":
            names = actions_of([kind]) or actions_of()
            return _chosen_from(one, tuple((name, name.capitalize()) for name in names))
        if one.kind == "workflow":
            return _chosen_from(one, tuple(self._workflows()))
        return one

    def _workflows(self) -> list[tuple[str, str]]:
        query = select(Automation.id, Automation.name).where(
            Automation.client_id == self.draft.client_id, Automation.archived_at.is_(None)
        )
        if self.draft.automation_id is not None:
            query = query.where(Automation.id != self.draft.automation_id)
        return [(str(one), name) for one, name in db.session.execute(query.order_by(Automation.name).limit(200))]


def fingerprint(value: Any) -> str:
    """What a form was made from: another one, when it is sent, means that somebody changed it meanwhile."""
    return sha256(dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _chosen_from(one: Field, options: tuple[tuple[str, str], ...]) -> Field:
    if one.kind not in ("line", "workflow", "choice"):
        return one
    known = {value for value, _ in options}
    first = () if one.text else (("", "Choose…"),)
    more = ((one.text, one.text),) if one.text and one.text not in known else ()
    return replace(one, kind="choice", options=(*first, *options, *more))
