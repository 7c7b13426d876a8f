"""The demo's assistants, and what companies did with them: two years of engagements with their reviews, some that run,
and requests that wait for a choice.

Each function adds what is missing and leaves the rest alone. They yield where a change is complete; the caller commits
there.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.assistants.engagements import operations as engagements
from app.assistants.matching.facts import WEEKDAYS
from app.assistants.models import Assistant, Match, MatchRequest
from app.assistants.profiles import operations
from app.assistants.profiles.schemas import AssistantInput
from app.assistants.requests import operations as requests
from app.core.clock import frozen, now, today_here
from app.core.domain import Seeding
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User

_DATA = Path(__file__).parent / "demo_data" / "people.toml"
_TAKEN_ON = 700  # days ago: before the first engagement


def add_assistants(seeding: Seeding) -> Iterator[None]:
    """The people; one of them is the demo's expert."""
    entries = _read()["person"]
    there = set(db.session.scalars(select(Assistant.name).where(Assistant.name.in_([p["name"] for p in entries]))))
    for number, entry in enumerate(entries):
        if entry["name"] not in there:
            with frozen(now() - timedelta(days=_TAKEN_ON, hours=-number)):
                operations.create_assistant(_input(entry), actor=seeding.actor)
            yield


def add_engagements(seeding: Seeding) -> Iterator[None]:
    """Each is asked for, accepted, completed and reviewed at its own time, by the company's own user."""
    if db.session.scalar(select(MatchRequest.id).limit(1)):
        return
    for entry in _read()["engagement"]:
        user = _user_of(entry["company"])
        if user is not None:
            yield from _engage(entry, user)


def _engage(entry: Mapping[str, Any], user: User) -> Iterator[None]:
    began = now() - timedelta(days=entry["ago"])
    assert user.client_id is not None
    with frozen(began):
        values = {"skills": entry["skills"], "hours_per_week": entry["hours"], "start_date": today_here(), "limit": 5}
        made = requests.request_match(values, client_id=user.client_id, actor=user)
    yield
    if entry.get("is_open") or not made.proposals:
        return
    match = db.session.get_one(Match, made.proposals[0].id)
    with frozen(began + timedelta(hours=3)):
        engagements.accept_match(match, actor=user)
    yield
    if "stars" not in entry:
        return
    over = began + timedelta(weeks=entry["weeks"])
    with frozen(over):
        engagements.complete_match(match, actor=user)
    yield
    with frozen(over + timedelta(hours=5)):
        engagements.review_match(match, entry["stars"], entry["comment"], actor=user)
    yield


def _input(entry: Mapping[str, Any]) -> AssistantInput:
    expert = db.session.scalar(select(User.id).where(User.username == "expert")) if entry.get("expert") else None
    return AssistantInput(
        name=entry["name"],
        headline=entry["headline"],
        user_id=expert,
        skills=[_skill(text) for text in entry["skills"]],
        hourly_rate=entry["rate"],
        currency=entry.get("currency", "EUR"),
        availability={
            "timezone": entry["zone"], "weekly_hours": entry["hours"], "weekly": _week(entry["week"]), "from": None,
        },
    )  # fmt: skip


def _skill(text: str) -> dict[str, Any]:
    name, _, level = text.rpartition(" ")
    return {"name": name, "level": int(level)}


def _week(parts: list[str]) -> dict[str, list[list[str]]]:
    """`sun-thu 09:00-17:00` as hours by day."""
    week: dict[str, list[list[str]]] = {}
    for part in parts:
        days, _, times = part.partition(" ")
        first, last = (WEEKDAYS.index(day) for day in days.split("-"))
        count = (last - first) % len(WEEKDAYS) + 1
        for offset in range(count):
            week.setdefault(WEEKDAYS[(first + offset) % len(WEEKDAYS)], []).append(times.split("-"))
    return week


def _user_of(company: str) -> User | None:
    return db.session.scalar(
        select(User)
        .join(Client, Client.id == User.client_id)
        .where(Client.name == company, User.role == Role.CLIENT.value)
        .order_by(User.created_at)
        .limit(1)
    )


def _read() -> dict[str, Any]:
    return tomllib.loads(_DATA.read_text())
