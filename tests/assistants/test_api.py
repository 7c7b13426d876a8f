"""Assistants in the API: fields, filters, bad input, whose."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.assistants.models import Assistant, Reservation, Skill
from app.core.audit import SYSTEM, attribute
from app.core.clock import today
from app.core.ids import new_id
from app.extensions import db
from tests.factories.accounts import make_client_company, make_user
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_match

PATH = "/api/virtual-assistants"
BODY = {
    "name": "Ana Pérez",
    "headline": "Bookkeeper",
    "skills": ["bookkeeping", {"name": "DATEV", "level": 5}],
    "hourly_rate": "38.00",
    "currency": "EUR",
    "availability": {
        "timezone": "Europe/Berlin",
        "weekly_hours": 30,
        "weekly": {"mon": [["09:00", "12:00"], ["13:00", "24:00"]], "tue": [["22:00", "06:00"]]},
        "from": "2026-12-01",
    },
}


@pytest.fixture
def staff(api: Callable[..., Any], make_user: Callable[..., Any]) -> Any:
    return api(make_user(role="manager"))


def reserve(assistant: Assistant, hours: int, first: date, last: date | None = None) -> Reservation:
    match = make_match(assistant=assistant, status="proposed", hours_per_week=hours)
    attribute(db.session, actor=SYSTEM, action="accept")
    taken = Reservation(
        assistant_id=assistant.id,
        client_id=match.client_id,
        match_id=match.id,
        hours_per_week=hours,
        starts_on=first,
        ends_on=last,
    )
    db.session.add(taken)
    db.session.commit()
    return taken


def test_staff_take_somebody_on(staff: Any) -> None:
    answer = staff.post(PATH, json=BODY)

    assert answer.status_code == 201, answer.json
    made = answer.json
    assert answer.headers["Location"].endswith(f"{PATH}/{made['id']}")
    assert made["skills"] == ["bookkeeping", "DATEV"] or made["skills"] == ["Bookkeeping", "DATEV"]
    assert made["skill_levels"][1]["level"] == 5
    assert made["availability"] == BODY["availability"]
    assert (made["hourly_rate"], made["available_hours"], made["rating"]) == ("38.00", 30, None)
    assert (made["reviews_count"], made["projects_completed"], made["archived_at"]) == (0, 0, None)
