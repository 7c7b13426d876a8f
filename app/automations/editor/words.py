"""What the fields of steps are called, and what helps with filling them in, by the type of step and the member."""

from collections.abc import Mapping
from typing import Any

from app.automations.cron_words import words_of

LABELS: Mapping[str, str] = {
    "url": "URL",
    "json": "JSON body",
    "json_schema": "JSON Schema of the answer",
    "if": "Condition",
    "workflow_id": "Workflow",
    "of": "Who decides",
    "ask": "Question",
    "expires_in_seconds": "Expires after (seconds)",
    "max_tokens": "Longest answer (tokens)",
    "concurrency": "At the same time",
    "step": "Step for each item",
    "id": "ID",
    "timeout_seconds": "Timeout (seconds)",
    "on_error": "If it fails",
    "retry/max_attempts": "Attempts",
    "retry/backoff_seconds": "First pause (seconds)",
    "example": "Example output",
    "cron": "Schedule (cron)",
    "timezone": "Time zone",
    "missed": "After an outage",
    "signed": "Deliveries must be signed",
}
HELP: Mapping[str, str] = {
    "http/url": "Only public addresses can be called.",
    "http/json": "Sent as JSON, with expressions filled in.",
    "http/text": "Sent as it is, instead of a JSON body.",
    "chat/url": "The incoming webhook of Slack or Discord, best kept as a secret: {{ secrets.CHAT_URL }}.",
    "email/to": "One address per line.",
    "for_each/items": "A list, or an expression that gives one: {{ trigger.body.lines }}.",
    "language_model/json_schema": "The answer is then JSON of this form, in output.json.",
    "language_model/model": "Leave blank for the usual model.",
    "delay/seconds": "3600 is an hour, 86400 a day.",
    "approval/expires_in_seconds": "If nobody answers by then, the step fails. Leave blank to wait up to 30 days.",
    "step/name": "What people read. Leave blank to show the ID.",
    "step/if": "The step is skipped unless this is true: steps.check.output.total > 100.",
    "step/timeout_seconds": "Each attempt is stopped after this time.",
    "step/retry/max_attempts": "Including the first one.",
    "step/retry/backoff_seconds": "Each further pause is twice as long.",
    "step/on_error": "“Continue” lets later steps run; they can read steps.ID.error.",
    "step/example": "What later steps see in a rehearsal, where nothing is really sent.",
    "schedule/cron": "Minute, hour, day of month, month, day of week. 0 6 * * 1 is Mondays at 6:00.",
    "schedule/timezone": "The clock that the schedule follows, such as Europe/Berlin.",
    "schedule/missed": "Which missed runs are made up for.",
    "webhook/signed": "The sender signs each delivery with a secret, so nobody else can start runs.",
    "event/event": "The workflow runs each time this happens in your company.",
}
CHOICES: Mapping[str, str] = {
    "on_error/fail": "Stop: the run fails",
    "on_error/continue": "Continue with the next steps",
    "missed/one": "Run once for the last one",
    "missed/all": "Run each one of the last 24 hours",
    "missed/none": "Skip them",
    "of/company": "People of the company",
    "of/staff": "DIG|LIT’s staff",
}
TRIGGERS: Mapping[str, tuple[str, str, str]] = {
    "manual": ("hand-click", "Manual", "Somebody starts it, here or through the API."),
    "schedule": ("calendar-event", "Schedule", "It runs at set times."),
    "webhook": ("webhook", "Webhook", "Another system calls an address of its own."),
    "event": ("bolt", "Event", "Something happens in the portal, such as a completed project."),
}


def label_of(member: str, title: str) -> str:
    """The label of a member of a form; `title` is what the schema calls it."""
    return LABELS.get(member) or title.capitalize()


def help_of(of: str, member: str) -> str:
    return HELP.get(f"{of}/{member}", "")


def choice_of(member: str, value: str) -> str:
    return CHOICES.get(f"{member}/{value}", value if value.isupper() else value.replace("_", " ").capitalize())


def words_of_trigger(trigger: Mapping[str, Any]) -> tuple[str, str, str]:
    """Icon, name, and what is to be known besides."""
    icon, label, says = TRIGGERS.get(str(trigger.get("type")), ("help", "Unknown", ""))
    match trigger:
        case {"type": "schedule", "cron": str(cron)}:
            says = f"{words_of(cron) or cron}, {trigger.get('timezone', 'UTC')}"
        case {"type": "event", "event": str(event)}:
            says = event
        case {"type": "webhook", "signed": True}:
            says = "Deliveries are signed."
    return icon, label, says
