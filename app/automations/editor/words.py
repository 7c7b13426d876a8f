"""A trigger in words. The titles and help of fields stand with the fields, in `app/automations/definitions`."""

from collections.abc import Mapping
from typing import Any

from app.automations.cron_words import words_of
from app.automations.definitions.types import TRIGGER_TYPES


def words_of_trigger(trigger: Mapping[str, Any]) -> tuple[str, str, str]:
    """Icon, name, and what is to be known besides."""
    kind = TRIGGER_TYPES.get(str(trigger.get("type")))
    icon, label, says = (kind.icon, kind.label, kind.says) if kind else ("help", "Unknown", "")
    match trigger:
        case {"type": "schedule", "cron": str(cron)}:
            says = f"{words_of(cron) or cron}, {trigger.get('timezone', 'UTC')}"
        case {"type": "event", "event": str(event)}:
            says = event
        case {"type": "webhook", "signed": True}:
            says = "Deliveries must be signed."
    return icon, label, says
