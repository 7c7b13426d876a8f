"""Whatever changes assistants and their calendars. Callers load the record for update, check the permission, and
commit."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.assistants.calendars.date_queries import today_of_assistant
from app.assistants.calendars.errors import (
    AccountTaken,
    DaysAreReserved,
    EndsBeforeStart,
    HoursAreReserved,
    NoExpertsAccount,
    TimeOffOverlaps,
    TooMuchTimeOff,
    UnknownSkill,
)
from app.assistants.calendars.events import announce_absence
from app.assistants.calendars.schemas import all_columns_of, columns_of
from app.assistants.engagements.operations import withdraw_proposals_of
from app.assistants.models import Assistant, AssistantSkill, Reservation, TimeOff
from app.assistants.profiles.schemas import AssistantInput, SkillInput, TimeOffInput
from app.assistants.skills.meaning_operations import meanings
from app.core import records
from app.core.audit import Actor, audit_as
from app.core.parts import reconcile
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User

MOST_TIME_OFF = 200
_NOT_COLUMNS = ("skills", "availability")


def create_assistant(values: AssistantInput, *, actor: Actor) -> Assistant:
    """Take somebody on. Skills that mean the same are one, at the higher of their levels."""
    audit_as(db.session, actor=actor, action="create")
    if values.user_id is not None:
        _require_account(values.user_id)
    assistant = Assistant(**values.model_dump(exclude=set(_NOT_COLUMNS)), **all_columns_of(values.availability))
    _replace_skills(assistant, values.skills)
    db.session.add(assistant)
    db.session.flush()
    return assistant


def update_assistant(assistant: Assistant, changes: Mapping[str, Any], *, actor: Actor) -> Assistant:
    """Change fields of an assistant. `skills` is the whole list; of `availability`, what is left out stays.

    Raises Conflict for fewer hours, or a later start, than reservations leave.
    """
    audit_as(db.session, actor=actor, action="update")
    user_id = changes.get("user_id")
    if user_id is not None and user_id != assistant.user_id:
        _require_account(user_id)
    columns = {name: value for name, value in changes.items() if name not in _NOT_COLUMNS}
    if (availability := changes.get("availability")) is not None:
        columns |= columns_of(availability)
    _require_room(assistant, columns)
    with db.session.no_autoflush:
        records.apply_changes(assistant, columns)
        if changes.get("skills") is not None and _replace_skills(assistant, changes["skills"]):
            records.touch(assistant)
    db.session.flush()
    return assistant


def archive_assistant(assistant: Assistant, *, actor: Actor) -> Assistant:
    """Take somebody off the list: what is proposed of them is withdrawn, what was agreed goes on."""
    archive_assistants([assistant], actor=actor)
    return assistant


def archive_assistants(several: Sequence[Assistant], *, actor: Actor) -> None:
    records.archive_many(several, actor=actor)
    withdraw_proposals_of(*several)


def add_time_off(assistant: Assistant, values: TimeOffInput, *, actor: Actor) -> TimeOff:
    """Keep days free of work. Hours may be reserved on some of them; each company that has them is told."""
    audit_as(db.session, actor=actor, action="add-time-off")
    if values.ends_on < values.starts_on:
        raise EndsBeforeStart
    there = [spell for spell in assistant.time_off if spell.ends_on >= values.starts_on]
    for spell in there:
        if spell.starts_on <= values.ends_on:
            raise TimeOffOverlaps(spell)
    if len(assistant.time_off) >= MOST_TIME_OFF:
        raise TooMuchTimeOff(MOST_TIME_OFF)
    spell = TimeOff(assistant_id=assistant.id, **values.model_dump())
    db.session.add(spell)
    records.touch(assistant)
    db.session.flush()
    db.session.expire(assistant, ["time_off"])
    announce_absence(assistant, spell, actor)
    return spell


def remove_time_off(spell: TimeOff, *, actor: Actor) -> None:
    """The person works on those days after all. Callers lock the assistant."""
    audit_as(db.session, actor=actor, action="remove-time-off")
    assistant = spell.assistant
    assistant.time_off.remove(spell)
    records.touch(assistant)
    db.session.flush()


def _require_account(user_id: UUID) -> None:
    with as_system("whether an account is an expert's, and linked already"):
        user = db.session.get(User, user_id)
        taken = db.session.scalar(select(Assistant.name).where(Assistant.user_id == user_id))
    if user is None or user.role != Role.EXPERT:
        raise NoExpertsAccount
    if taken is not None:
        raise AccountTaken(taken)


def _require_room(assistant: Assistant, columns: Mapping[str, Any]) -> None:
    """What is reserved must still fit. The assistant's row is locked, and so nobody reserves meanwhile."""
    hours: Decimal | None = columns.get("weekly_hours")
    if hours is not None and hours < assistant.weekly_hours:
        peak = db.session.scalar(select(func.peak_of_reserved(assistant.id, today_of_assistant(assistant))))
        if peak is not None and peak > hours:
            raise HoursAreReserved(assistant.name, peak)
    begins: date | None = columns.get("available_from")
    if begins is not None and begins != assistant.available_from and begins > (this := today_of_assistant(assistant)):
        first = _first_reserved_day(assistant.id, this)
        if first is not None and first < begins:
            raise DaysAreReserved(assistant.name, first)


def _first_reserved_day(assistant_id: UUID, since: date) -> date | None:
    """The first day from that one on for which hours are reserved."""
    still = Reservation.ends_on.is_(None) | (Reservation.ends_on >= since)
    first = select(func.greatest(func.min(Reservation.starts_on), since))
    with as_system("hours are reserved across companies; only a day comes out"):
        found: date | None = db.session.scalar(
            first.where(Reservation.assistant_id == assistant_id, still).having(func.count() > 0)
        )
    return found


def _replace_skills(assistant: Assistant, skills: Sequence[SkillInput]) -> bool:
    """Whether anything came, went, moved or changed its level."""
    levels: dict[UUID, int] = {}
    for at, meaning in enumerate(meanings([skill.name for skill in skills], keep_unknown=True)):
        if meaning.skill_id is None:
            raise UnknownSkill(at, skills[at].name)
        levels[meaning.skill_id] = max(levels.get(meaning.skill_id, 0), skills[at].level)
    there = {link.skill_id: link for link in assistant.skill_links}
    given = [(key, {"skill_id": key, "level": level}) for key, level in levels.items()]
    assistant.skill_links, changed = reconcile(there, given, AssistantSkill)
    return changed
