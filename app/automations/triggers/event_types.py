"""The events that begin automations, for whoever chooses one: what each is, and an example of what a run is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.events import EventType, event_types

_ID = "01a22e28-1a59-74b7-9b58-ba584c11fe1b"
_BY_NAME: Mapping[str, Any] = {
    "ask": "Pay invoice 4711?", "automation": "Invoice intake", "budget": "10000.00", "by": "company",
    "comment": "Looks good.", "company": "Brightwater Stores", "currency": "EUR", "decision": "approve",
    "hours": "20.00", "minutes": 90, "name": "Elena Novak", "note": "Looks good.", "number": 3, "old": "active",
    "percent": 80, "project": "New till system", "reason": "The service answered with 503.", "spent": "8000.00",
    "stars": 5, "state": "completed", "status": "completed", "step": "approve", "title": "Pilot store",
    "url": "https://portal.example/matches/17",
}  # fmt: skip
_BY_TYPE: Mapping[Any, Any] = {
    str: "text", int: 1, Decimal: "1.00", date: "2026-12-01", UUID: _ID,
}  # fmt: skip
_WORDS = {str: "text", int: "number", Decimal: "decimal", date: "date", UUID: "id"}


@dataclass(frozen=True)
class BeginningEvent:
    """An event that begins automations. `values` has the types of the members of `trigger.data`."""

    name: str
    says: str
    values: Mapping[str, str]
    example: Mapping[str, Any]

    @property
    def label(self) -> str:
        return self.name.replace(".", " ").replace("_", " ").capitalize()

    @property
    def group(self) -> str:
        return self.name.partition(".")[0].replace("_", " ").capitalize()


def beginning_events() -> Sequence[BeginningEvent]:
    """Those that concern a company, by their names."""
    known = sorted(event_types().items())
    return [
        BeginningEvent(name, one.says, {value: _WORDS[kind] for value, kind in one.values.items()}, _example(one))
        for name, one in known
        if not one.private
    ]


def _example(one: EventType) -> Mapping[str, Any]:
    """What `trigger` holds in a run that it begins."""
    data = {name: _BY_NAME.get(name, _BY_TYPE[kind]) for name, kind in one.values.items()}
    named = str(data.get("title") or data.get("project") or data.get("automation") or data.get("name") or "")
    record = {"type": one.name.partition(".")[0], "id": _ID, "name": named}
    event = {
        "id": 4711, "type": one.name, "at": "2026-11-30T09:15:00Z", "record": record,
        "actor": {"id": _ID, "name": "manager"}, "data": data, "caused_by": None,
    }  # fmt: skip
    return {"data": data, "record": record, "event": event}
