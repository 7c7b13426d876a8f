"""What the page of an automation shows: how it begins, what it does, how its last runs went, what to start one with."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from app.automations.definitions.uses import secrets_used
from app.automations.drawing.workflows import Drawing, draw_workflow
from app.automations.editor.models import Draft
from app.automations.editor.words import words_of_trigger
from app.automations.models import Automation, Run
from app.automations.operations import version_of
from app.automations.owners import Owner, owner_shown
from app.automations.queries import webhook_url
from app.automations.schedules import next_few
from app.automations.triggers.loops import stopped_run
from app.core.clock import now
from app.extensions import db
from app.identity.identities import Identity

MOST_RUNS = 5
_FIRST_INPUT: Mapping[str, Any] = {"webhook": {"body": {}}, "event": {"event": {}}}


class Overview:
    """An automation as its page shows it to a person."""

    def __init__(self, automation: Automation, person: Identity) -> None:
        self.automation = automation
        self.person = person

    @cached_property
    def version(self) -> Any:
        return version_of(self.automation, self.automation.version_number)

    @property
    def workflow(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.version.workflow
        return found

    @property
    def trigger(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.workflow["trigger"]
        return found

    @property
    def trigger_words(self) -> tuple[str, str, str]:
        """Icon, name, and what is to be known besides."""
        return words_of_trigger(self.trigger)

    @cached_property
    def next_times(self) -> Sequence[datetime]:
        if self.automation.status != "active" or self.trigger["type"] != "schedule":
            return ()
        return next_few(self.trigger["cron"], self.trigger.get("timezone", "UTC"), now(), 3)

    @cached_property
    def drawing(self) -> Drawing:
        return draw_workflow(self.workflow)

    @cached_property
    def runs(self) -> Sequence[Run]:
        query = select(Run).where(Run.automation_id == self.automation.id).order_by(Run.id.desc()).limit(MOST_RUNS)
        return db.session.scalars(query).all()

    @cached_property
    def stopped_run(self) -> Run | None:
        """The newest run that didn't begin since it would have gone round in a loop."""
        return stopped_run(self.automation)

    @cached_property
    def owner(self) -> Owner:
        """Whether the owner may act is looked up where that matters."""
        if not self.uses_records and self.version.author_id == self.automation.owner_id:
            return Owner(self.version.author_name, None)
        return owner_shown(self.automation)

    @property
    def uses_records(self) -> bool:
        steps = self.workflow["steps"]
        inner = [step.get("with", {}).get("step", {}) for step in steps if step["type"] == "for_each"]
        return any(step.get("type") == "record" for step in [*steps, *inner])

    @cached_property
    def first_input(self) -> str:
        """What a run is started with unless somebody changes it: the input of the last one, if that is kept."""
        last = next((run.input for run in self.runs if run.input), None)
        given = _FIRST_INPUT.get(self.trigger["type"], {}) if last is None else last
        return json.dumps(given, ensure_ascii=False, indent=2)

    @cached_property
    def webhook_url(self) -> str | None:
        return webhook_url(self.automation)

    @cached_property
    def secrets(self) -> list[str]:
        return sorted(secrets_used(self.workflow))

    @cached_property
    def draft(self) -> Draft | None:
        """The person's own draft of it."""
        query = select(Draft).where(Draft.automation_id == self.automation.id, Draft.user_id == self.person.id)
        return db.session.scalars(query.order_by(Draft.updated_at.desc()).limit(1)).one_or_none()
