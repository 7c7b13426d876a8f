"""A company asks for somebody: the request, who fits, and the proposals that are kept of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.assistants.calendars.working_week import minutes_of
from app.assistants.matching.facts import Wanted
from app.assistants.matching.finding import find
from app.assistants.matching.index import everybody, skills_version
from app.assistants.matching.people import People
from app.assistants.matching.remembered import Asked, Finding
from app.assistants.matching.scoring import Scored
from app.assistants.matching.whatif import WhatIf, what_if
from app.assistants.models import MatchRequest
from app.assistants.requests.schemas import USUAL_PROPOSALS, WORKDAYS
from app.assistants.skills.meaning_operations import kinship, understand
from app.assistants.skills.nearest import unclear
from app.core.audit import Actor, audit_as
from app.core.clock import now, today_here
from app.core.fitting.skills import Kinship, WantedSkill
from app.core.ids import new_id
from app.core.rls import rows_of
from app.core.sessions import plain
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Proposal:
    """A kept proposal. `explanation` is the JSON that is kept."""

    id: UUID
    scored: Scored
    explanation: str


@dataclass(frozen=True, slots=True)
class Requested:
    """A request that was kept, with its proposals in order, and the changes that would bring more or better people:
    where that was asked for, or fewer were found than were asked for."""

    id: UUID
    proposals: Sequence[Proposal]
    what_if: Sequence[WhatIf]
    unknown_skills: Sequence[Mapping[str, Any]]
    """Terms that nobody knows, or that may mean several skills, each with the nearest (`term`, `nearest`)."""


_KEEP = """
    with request as (
        insert into match_requests (
            id, client_id, user_id, skills, hours_per_week, start_date, end_date, max_hourly_rate, currency, timezone,
            time_from, time_to, weekdays, description, most, considered, created_at, updated_at)
        values (
            %(id)s, %(client_id)s, %(user_id)s, %(skills)s::jsonb, %(hours_per_week)s, %(start_date)s, %(end_date)s,
            %(max_hourly_rate)s, %(currency)s, %(timezone)s, %(time_from)s, %(time_to)s, %(weekdays)s, %(description)s,
            %(limit)s, %(considered)s, %(at)s, %(at)s))
    insert into matches (
        id, request_id, client_id, assistant_id, place, score, explanation, hours_per_week, hourly_rate, currency,
        starts_on, ends_on, created_at, updated_at)
    select m.id, %(id)s, %(client_id)s, m.assistant_id, m.place, m.score, m.explanation, %(hours_per_week)s, m.rate,
           m.currency, %(start_date)s, %(end_date)s, %(at)s, %(at)s
      from json_to_recordset(%(matches)s::json)
           m (id uuid, assistant_id uuid, place bigint, score float8, explanation jsonb, rate numeric, currency text)
"""


def request_match(values: Mapping[str, Any], *, client_id: UUID, actor: Actor) -> Requested:
    """Find who fits, and keep the request with its proposals. `values` are those of a `MatchRequestInput`, by name.

    What a skill is called that nobody knows is kept for a person to look at.
    """
    # A transaction that is under way may have changed skills itself, and looks for itself.
    version = None if plain(db.session).in_transaction() else skills_version()
    audit_as(db.session, actor=actor, action="request")
    wanted, near, waiting = _read(values, version=version)
    asked = Asked(wanted, int(values.get("limit") or USUAL_PROPOSALS), bool(values.get("what_if")))
    with everybody(looked=version is not None) as people:
        found = people.findings.get(asked, near)
        if found is None:
            found = _find(asked, people, near)
            people.findings.keep(asked, near, found)
    kept = zip(found.best, found.explanations, strict=True)
    proposals = [Proposal(new_id(), scored, explanation) for scored, explanation in kept]
    request_id = new_id()
    request = _columns_of_request(values, wanted, found.considered) | {"client_id": client_id, "user_id": actor.id}
    rows = {"id": request_id, "at": now(), **request, "matches": _matches_as_json(proposals)}
    rows_of(db.session.connection(), _KEEP, rows)
    terms = ((one.asked, one.skill_id is not None and one.asked not in waiting) for one in wanted.skills)
    return Requested(request_id, proposals, found.what_if, unclear(terms))


def _find(asked: Asked, people: People, near: Kinship) -> Finding:
    wanted, limit = asked.wanted, asked.limit
    found = find(wanted, people, near, limit)
    changes: Sequence[WhatIf] = ()
    if asked.what_if or len(found.best) < limit:
        changes = what_if(wanted, found.best, lambda other: find(other, people, near, limit).best, near)
    return Finding(found.best, [json.dumps(one.explanation) for one in found.best], found.considered, changes)


def read_wanted(values: Mapping[str, Any]) -> tuple[Wanted, Kinship]:
    """What the values of a request ask for, with skills by their meaning. A skill that is named twice counts once."""
    return _read(values)[:2]


def _read(values: Mapping[str, Any], *, version: int | None = None) -> tuple[Wanted, Kinship, Collection[str]]:
    """The same, and the terms that wait for a decision. `version` of the skills as in `graph.look`."""
    skills: dict[Any, WantedSkill] = {}
    meanings, near = understand(values["skills"], keep_unknown=True, version=version)
    for meaning in meanings:
        skill = WantedSkill(meaning.asked, meaning.skill_id, meaning.name)
        skills.setdefault(skill.skill_id or skill.asked.casefold(), skill)
    waiting = {meaning.asked for meaning in meanings if meaning.how == "unknown"}
    start: date = max(values.get("start_date") or today_here(), today_here())
    times = (values.get("time_from"), values.get("time_to"))
    wanted = Wanted(
        skills=tuple(skills.values()),
        hours_per_week=Decimal(values["hours_per_week"]),
        start=start,
        end=values.get("end_date"),
        max_rate=values.get("max_hourly_rate"),
        currency=values.get("currency"),
        zone=values.get("timezone"),
        window=(minutes_of(times[0]), minutes_of(times[1])) if times[0] and times[1] else None,
        weekdays=tuple(values.get("weekdays") or WORKDAYS),
    )
    return wanted, near, waiting


def kinship_of(wanted: Wanted) -> Kinship:
    return kinship([skill.skill_id for skill in wanted.skills if skill.skill_id is not None])


def wanted_of(request: MatchRequest) -> Wanted:
    """What a kept request asks for, from today on if its first day has passed."""
    window = None
    if request.time_from and request.time_to:
        window = (minutes_of(request.time_from), minutes_of(request.time_to))
    return Wanted(
        skills=tuple(
            WantedSkill(skill["asked"], UUID(skill["skill_id"]) if skill["skill_id"] else None, skill["name"])
            for skill in request.skills
        ),
        hours_per_week=request.hours_per_week,
        start=max(request.start_date, today_here()),
        end=request.end_date,
        max_rate=request.max_hourly_rate,
        currency=request.currency,
        zone=request.timezone,
        window=window,
        weekdays=tuple(request.weekdays),
    )


def find_for(wanted: Wanted, limit: int, *, near: Kinship | None = None) -> list[Scored]:
    """Who fits best just now, without keeping anything."""
    near = near or kinship_of(wanted)
    with everybody() as people:
        return find(wanted, people, near, limit).best


def _columns_of_request(values: Mapping[str, Any], wanted: Wanted, considered: int) -> dict[str, Any]:
    skills = [
        {"asked": skill.asked, "skill_id": str(skill.skill_id) if skill.skill_id else None, "name": skill.name}
        for skill in wanted.skills
    ]
    return {
        "skills": json.dumps(skills),
        "hours_per_week": wanted.hours_per_week,
        "start_date": wanted.start,
        "end_date": wanted.end,
        "max_hourly_rate": wanted.max_rate,
        "currency": wanted.currency,
        "timezone": wanted.zone,
        "time_from": values.get("time_from"),
        "time_to": values.get("time_to"),
        "weekdays": list(wanted.weekdays),
        "description": values.get("description") or "",
        "limit": int(values.get("limit") or USUAL_PROPOSALS),
        "considered": considered,
    }


def _matches_as_json(proposals: Sequence[Proposal]) -> str:
    """The rows of the matches; explanations are JSON already."""
    rows = (
        f'{{"id":"{proposal.id}","assistant_id":"{proposal.scored.id}","place":{place},"score":{proposal.scored.score!r},'
        f'"rate":{proposal.scored.candidate.rate},"currency":"{proposal.scored.candidate.currency}",'
        f'"explanation":{proposal.explanation}}}'
        for place, proposal in enumerate(proposals, 1)
    )
    return f"[{','.join(rows)}]"
