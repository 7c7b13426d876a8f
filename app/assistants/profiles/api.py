"""Assistants in the JSON API."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint

from app.api import access
from app.api.crud import mount
from app.api.operation import Answer, Example, operation_with
from app.api.paging import list_answer
from app.assistants.calendars.kinds import TIME_OFF, TimeOffQuery
from app.assistants.profiles import operations
from app.assistants.profiles.kinds import assistants
from app.assistants.profiles.schemas import TimeOffInput, TimeOffOut
from app.core.addresses import api_prefix
from app.core.errors import NotFound
from app.core.ids import reference
from app.core.lists import ListQuery
from app.core.records import get_record

PATH = "/virtual-assistants"
bp = Blueprint("assistants_api", __name__, url_prefix="/api")

_ID = "019aa8f0-9d30-7f85-8a2b-3c4d5e6f7a80"
_AVAILABILITY = {
    "timezone": "Europe/Berlin",
    "weekly_hours": 30,
    "weekly": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "17:00"]]},
    "from": "2026-12-01",
}
_BODY = {
    "name": "Ana Pérez",
    "headline": "Bookkeeper for small companies",
    "about": "Ten years of bookkeeping, the last four with DATEV.",
    "user_id": None,
    "skills": ["bookkeeping", {"name": "DATEV", "level": 5}],
    "hourly_rate": "38.00",
    "currency": "EUR",
    "availability": _AVAILABILITY,
}
ANSWER = {
    "id": _ID,
    **_BODY,
    "skills": ["Bookkeeping", "DATEV"],
    "skill_levels": [{"name": "Bookkeeping", "level": 3}, {"name": "DATEV", "level": 5}],
    "available_hours": 10,
    "rating": 4.75,
    "reviews_count": 4,
    "projects_completed": 5,
    "archived_at": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}

SOME = Decimal("0.01")
"""The least that is free of who is listed as available. Staff see everybody with `include_archived`."""

mount(bp, assistants, depends_on=("skills",), body=_BODY, answer=ANSWER, unless_asked={"hours": SOME})

_ABSENCE = {"starts_on": "2026-12-21", "ends_on": "2026-12-31", "reason": "Holidays"}
_ABSENCE_ANSWER = {"id": "019aa8f0-a041-7096-9b3c-4d5e6f7a8b90", **_ABSENCE}
operation = operation_with(allow=assistants.write_permission, tags=("Assistants",))
_ONE = {"reference": "The id of the assistant."}
_ABSENCE_PATH = {**_ONE, "time_off_id": "The id of the time off."}
_ABSENCE_EXAMPLE = {"reference": _ID, "time_off_id": str(_ABSENCE_ANSWER["id"])}
NO_SUCH_TIME_OFF = "There is no such time off."


def _assistant(given: str, *, for_update: bool = False) -> Any:
    return get_record(assistants, given, for_update=for_update)


@bp.get(f"{PATH}/<reference>/time-off")
@operation(
    id="list_time_off",
    path=_ONE,
    query=TimeOffQuery,
    answers={200: list[TimeOffOut]},
    example=Example(path={"reference": _ID}, query="limit=2", answer=[_ABSENCE_ANSWER]),
    paged=True,
)
def list_time_off(reference: str, query: ListQuery) -> Answer:
    """List an assistant's time off.

    From the first day on, what has passed included.
    """
    return list_answer(TIME_OFF, query, staff=True, assistant=_assistant(reference).id)


@bp.post(f"{PATH}/<reference>/time-off")
@operation(
    id="add_time_off",
    path=_ONE,
    body=TimeOffInput,
    server_sets=TimeOffOut,
    answers={201: TimeOffOut},
    example=Example(path={"reference": _ID}, body=_ABSENCE, answer=_ABSENCE_ANSWER),
    problems=(409,),
)
def add_time_off(reference: str, body: TimeOffInput) -> Answer:
    """Add time off.

    Days on which hours are reserved may be among them: each company that has them is told. Days that are off already
    are a conflict.
    """
    assistant = _assistant(reference, for_update=True)
    spell = operations.add_time_off(assistant, body, actor=access.actor())
    return Answer(spell, headers={"Location": f"{api_prefix()}{PATH}/{assistant.id}/time-off/{spell.id}"})


@bp.get(f"{PATH}/<reference>/time-off/<time_off_id>")
@operation(
    id="get_time_off",
    path=_ABSENCE_PATH,
    answers={200: TimeOffOut},
    example=Example(path=_ABSENCE_EXAMPLE, answer=_ABSENCE_ANSWER),
)
def get_time_off(reference: str, time_off_id: str) -> Any:
    """Read one spell of time off."""
    key = _as_id(time_off_id)
    found = next((spell for spell in _assistant(reference).time_off if spell.id == key), None)
    if found is None:
        raise NotFound(NO_SUCH_TIME_OFF)
    return found


@bp.delete(f"{PATH}/<reference>/time-off/<time_off_id>")
@operation(
    id="remove_time_off",
    path=_ABSENCE_PATH,
    answers={204: None},
    example=Example(path=_ABSENCE_EXAMPLE),
)
def remove_time_off(reference: str, time_off_id: str) -> None:
    """Remove time off."""
    key = _as_id(time_off_id)
    operations.remove_time_off(_assistant(reference, for_update=True), key, actor=access.actor())


def _as_id(given: str) -> UUID:
    key = reference(given)
    if not isinstance(key, UUID):
        raise NotFound(NO_SUCH_TIME_OFF)
    return key
