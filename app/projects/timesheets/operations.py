"""Time that is worked for projects: logged by the team, approved by staff, and then spent.

Whoever decides locks the project first, then the entries; the trigger on the entries locks the person, so that a day
keeps to 24 hours whoever logs at the same time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.assistants.calendars.date_queries import zones_of_accounts
from app.assistants.models import Assistant
from app.core.audit import Actor, audit_as
from app.core.changes.states import typed
from app.core.clock import now, today_in
from app.core.dates import day_in_words
from app.core.errors import Conflict, Invalid, NotFound
from app.core.events import publish
from app.core.hours import minutes_in_words
from app.core.rules import enforces
from app.core.steps import lock_all
from app.extensions import db
from app.identity.identities import Identity
from app.identity.policy import is_staff
from app.projects.models import Deliverable, Project
from app.projects.money.alerts import announce_budget
from app.projects.periods import Past, pasts_of
from app.projects.teams.models import TeamMember
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import ApprovalInput, LoggedTimeInput, RejectionInput, TimeInput
from app.projects.timesheets.steps import TIME_ENTRY

NO_SUCH = "There is no such time entry."


class ProjectDoesNotRun(Conflict):
    code = "project-not-active"

    def __init__(self, project: Project) -> None:
        status = project.status.replace("_", " ")
        super().__init__(f"Time is logged on active projects only; “{project.name}” is {status}.")


class NotOnTheTeam(Conflict):
    def __init__(self, project: Project) -> None:
        super().__init__(f"Only members of the team log time on “{project.name}”.")


LONG_DAY = "With what is logged already, the day would be longer than 24 hours."


@enforces("time_entries_day_has_24_hours", at={"minutes": LONG_DAY})
class DayTooLong(Invalid):
    """A person's day has 24 hours, over all projects."""

    code = "invalid"


@enforces("time_entries_approved", "time_entries_steps")
class TimeIsDecided(Conflict):
    code = "time-decided"

    def __init__(self, entry: TimeEntry) -> None:
        about = f"The {minutes_in_words(entry.minutes)} of {entry.person} on {day_in_words(entry.worked_on)}"
        super().__init__(f"{about} were {entry.status} already.")


class TimeHasNoRate(Conflict):
    code, at, wrong = "no-rate", "/hourly_rate", "missing"

    def __init__(self, entry: TimeEntry) -> None:
        super().__init__(f"{entry.person} has no hourly rate in {entry.currency}. Say at which rate this time counts.")


class CurrencyHasChanged(Conflict):
    code = "currency-changed"

    def __init__(self, entry: TimeEntry) -> None:
        super().__init__(
            f"This time was logged in {entry.currency}, and the project counts in {entry.project.currency} now. "
            "Reject it, and have it logged again."
        )


class PersonMissing(Invalid):
    """Staff log time, and haven't said whose."""

    at, wrong = "/user_id", "missing"
    says = "Say whose time it is, with the id of the user."


class StaffOnly(Invalid):
    """Somebody says what only staff say."""

    def __init__(self, name: str) -> None:
        super().__init__("Only staff say this.", at=f"/{name}", wrong="staff_only")


class WrongWork(Invalid):
    """Time is logged on something that can't be logged on."""


@dataclass(frozen=True)
class Place:
    """What somebody may log on a project: the times in which it ran and they were in its team."""

    project: Project
    user_id: UUID
    past: Past
    zone: str | None
    """Where the person's days begin and end."""

    def require_day(self, day: date) -> None:
        """Work is logged when it is done, and by the day of the person, whoever logs it."""
        if day > today_in(self.zone):
            raise _wrong_day("This day is yet to come.")
        if self.past.began is not None and day < self.past.began:
            raise _wrong_day(f"The project began on {day_in_words(self.past.began)}.")
        if not self.past.ran_on(day, self.zone):
            raise _wrong_day(f"The project wasn’t active on {day_in_words(day)}.")
        if not self.past.worked_on(day, self.zone):
            raise _wrong_day(f"On {day_in_words(day)} this person wasn’t on the project’s team.")

    def entry(self, values: TimeInput, hourly_rate: Decimal | None) -> TimeEntry:
        """The new entry, which belongs to no session yet. Without `hourly_rate` the rate of the person's profile holds,
        if it is in the project's currency; else the entry has none (0), and whoever approves it has to say one."""
        return TimeEntry(
            **values.model_dump(include=set(TimeInput.model_fields)),
            project_id=self.project.id,
            client_id=self.project.client_id,
            user_id=self.user_id,
            assistant_id=self.past.assistant_id,
            hourly_rate=_rate_of(self.past.assistant_id, self.project) if hourly_rate is None else hourly_rate,
            currency=self.project.currency,
        )


def place_of(project: Project, user_id: UUID) -> Place:
    """Refused where the project never ran, or the person never was in its team."""
    found = places_of([(project, user_id)])[project.id, user_id]
    if isinstance(found, Conflict):
        raise found
    return found


def places_of(pairs: Collection[tuple[Project, UUID]]) -> dict[tuple[UUID, UUID], Place | Conflict]:
    """`place_of` for many projects and people at once, by their ids; a refusal where it would be raised."""
    zones = zones_of_accounts({user_id for _, user_id in pairs})
    pasts = pasts_of(pairs)
    found: dict[tuple[UUID, UUID], Place | Conflict] = {}
    for project, user_id in pairs:
        key = project.id, user_id
        if not pasts[key].was_member:
            found[key] = NotOnTheTeam(project)
        elif pasts[key].began is None:
            found[key] = ProjectDoesNotRun(project)
        else:
            found[key] = Place(project, user_id, pasts[key], zones.get(user_id))
    return found


def log_time(
    project: Project, values: TimeInput, *, user_id: UUID, hourly_rate: Decimal | None = None, actor: Actor
) -> TimeEntry:
    """Log time of a day on which the project ran and the person was in its team, whatever has become of either since.
    Callers lock the project."""
    place = place_of(project, user_id)
    place.require_day(values.worked_on)
    _require_deliverable(project, values.deliverable_id)
    audit_as(db.session, actor=actor, action="log-time")
    entry = place.entry(values, hourly_rate)
    entry.project = project
    db.session.add(entry)
    db.session.flush()
    return entry


def log_time_of(project: Project, values: LoggedTimeInput, /, *, actor: Identity) -> TimeEntry:
    """The same for whoever the values name: staff name a person, others log their own."""
    if is_staff(actor):
        if values.user_id is None:
            raise PersonMissing
        return log_time(project, values, user_id=values.user_id, hourly_rate=values.hourly_rate, actor=actor)
    for name in ("user_id", "hourly_rate"):
        if getattr(values, name) not in (None, actor.id):
            raise StaffOnly(name)
    if actor.id is None:
        raise NotFound(NO_SUCH)
    return log_time(project, values, user_id=actor.id, actor=actor)


@TIME_ENTRY.does("correct", instead=TimeIsDecided)
def update_time(entry: TimeEntry, changes: Mapping[str, Any], *, actor: Actor) -> TimeEntry:
    """Correct time that isn't approved, also when the project is over or the person has left. What was rejected waits
    for approval again, as what is changed does."""
    TIME_ENTRY.begin(entry, "correct", actor=actor)
    project = entry.project
    if "worked_on" in changes and changes["worked_on"] != entry.worked_on:
        place_of(project, entry.user_id).require_day(changes["worked_on"])
    if "deliverable_id" in changes and changes["deliverable_id"] != entry.deliverable_id:
        _require_deliverable(project, changes["deliverable_id"])
    for name, value in changes.items():
        setattr(entry, name, value)
    entry.status, entry.decided_at, entry.decided_by_id, entry.decision_note = "submitted", None, None, ""
    db.session.flush()
    return entry


@TIME_ENTRY.does("delete", instead=TimeIsDecided)
def delete_time(entry: TimeEntry, *, actor: Actor) -> None:
    """Take back time that isn't approved."""
    TIME_ENTRY.begin(entry, "delete", actor=actor)
    db.session.delete(entry)
    db.session.flush()


def _other_currency(entry: TimeEntry) -> Conflict | None:
    return CurrencyHasChanged(entry) if entry.currency != entry.project.currency else None


@TIME_ENTRY.does("approve", form=ApprovalInput, unless=_other_currency, instead=TimeIsDecided)
def approve_entry(entry: TimeEntry, hourly_rate: Decimal | None = None, *, actor: Actor) -> TimeEntry:
    return approve_time([entry.id], hourly_rate=hourly_rate, actor=actor)[0]


def approve_time(entry_ids: Sequence[UUID], *, hourly_rate: Decimal | None = None, actor: Actor) -> Sequence[TimeEntry]:
    """Approve entries, all of them or none: their cost is spent from now on, and people hear of it where it uses up the
    budget. `hourly_rate` takes the place of what the entries say."""
    entries = _locked(entry_ids)
    for entry in entries:
        TIME_ENTRY.require(entry, "approve")
        if hourly_rate is None and entry.hourly_rate == 0:
            raise TimeHasNoRate(entry)
    audit_as(db.session, actor=actor, action="approve-time")
    for entry in entries:
        entry.hourly_rate = entry.hourly_rate if hourly_rate is None else hourly_rate
        _decide(entry, "approved", actor)
    db.session.flush()
    for project in {entry.project_id: entry.project for entry in entries}.values():
        db.session.refresh(project, ["spent", "succeeded"])
        announce_budget(project, actor)
    _announce(entries, actor)
    return entries


@TIME_ENTRY.does("reject", form=RejectionInput, instead=TimeIsDecided)
def reject_time(entry: TimeEntry, note: str, *, actor: Actor) -> TimeEntry:
    """Send time back to whoever logged it, with the reason; it may be put right and sent again."""
    (entry,) = _locked([entry.id])
    TIME_ENTRY.begin(entry, "reject", actor=actor)
    entry.decision_note = note
    _decide(entry, "rejected", actor)
    db.session.flush()
    _announce([entry], actor)
    return entry


def put_decision_back(entry_id: UUID, values: Mapping[str, Any], actor: Actor) -> None:
    """Undo a decision on an entry, or redo it: `values` are the columns as they were. What was spent follows, and the
    person hears of it. Callers lock project and entry, as approving does."""
    audit_as(db.session, actor=actor, action="undo")
    entry = db.session.get_one(TimeEntry, entry_id, populate_existing=True)
    for name, value in typed(TimeEntry, values).items():
        setattr(entry, name, value)
    if entry.status == "approved" and entry.currency != entry.project.currency:
        raise CurrencyHasChanged(entry)
    db.session.flush()
    db.session.refresh(entry.project, ["spent", "succeeded"])
    if entry.status == "approved":
        announce_budget(entry.project, actor)
    _announce([entry], actor)


def needs_rate(entry: TimeEntry) -> bool:
    """Whether nobody has said yet what an hour of it costs."""
    return entry.status == "submitted" and entry.hourly_rate == 0


def member_of(project: Project, user_id: UUID | None) -> TeamMember | None:
    """The person's place in the project's team."""
    if project.team_id is None or user_id is None:
        return None
    return db.session.scalar(
        select(TeamMember).where(TeamMember.team_id == project.team_id, TeamMember.user_id == user_id)
    )


def _locked(entry_ids: Sequence[UUID]) -> Sequence[TimeEntry]:
    """The entries, after their projects are locked, both in the order of their ids."""
    ids = set(entry_ids)
    of_them = select(TimeEntry.project_id).where(TimeEntry.id.in_(ids))
    lock_all(Project, of_them)
    entries = lock_all(TimeEntry, ids)
    if not ids or len(entries) != len(ids):
        raise NotFound(NO_SUCH)
    return entries


def _decide(entry: TimeEntry, decision: str, actor: Actor) -> None:
    entry.status, entry.decided_at, entry.decided_by_id = decision, now(), actor.id


def _announce(entries: Sequence[TimeEntry], actor: Actor) -> None:
    for entry in entries:
        publish(
            f"time_entry.{'reopened' if entry.status == 'submitted' else entry.status}",
            about=entry,
            within=entry.project,
            user_id=entry.user_id,
            actor=actor,
            project=entry.project.name,
            day=entry.worked_on,
            minutes=entry.minutes,
        )


def _wrong_day(message: str) -> Invalid:
    return Invalid(message, at="/worked_on", wrong="out-of-range")


def _require_deliverable(project: Project, deliverable_id: UUID | None) -> None:
    if deliverable_id is None:
        return
    deliverable = db.session.get(Deliverable, deliverable_id)
    if deliverable is None or deliverable.project_id != project.id or deliverable.status == "cancelled":
        raise Invalid("The project has no such deliverable.", at="/deliverable_id", wrong="unknown")


def _rate_of(assistant_id: UUID | None, project: Project) -> Decimal:
    assistant = db.session.get(Assistant, assistant_id) if assistant_id else None
    return assistant.hourly_rate if assistant and assistant.currency == project.currency else Decimal(0)
