"""Whatever changes teams. Callers load the team for update, check the permission, and commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from app.assistants.models import Assistant
from app.core import records
from app.core.audit import Actor, audit_as
from app.core.errors import Conflict, FieldError, Invalid
from app.core.parts import reconcile
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import User
from app.projects.models import Project
from app.projects.teams.models import Team, TeamMember
from app.projects.teams.reservations import HOLDS_HOURS, hold_hours
from app.projects.teams.schemas import MemberInput, TeamInput

RUNNING = ("planned", "active", "on_hold")


class UnknownMembers(Invalid):
    """A team names people who aren't there, twice, or who can't be in one."""

    code = "unknown-member"


class TeamIsAtWork(Conflict):
    """A team with projects that aren't finished can't be archived."""

    code = "team-at-work"


@dataclass(frozen=True, slots=True)
class _Person:
    """Who a member is, by the ids that the team keeps, and what the profile or account calls the person."""

    assistant_id: UUID | None
    user_id: UUID | None
    name: str

    @property
    def key(self) -> UUID | None:
        return self.assistant_id or self.user_id


def create_team(values: TeamInput, *, actor: Actor) -> Team:
    """Put a team together. Without a slug it gets one made from its name."""
    audit_as(db.session, actor=actor, action="create")
    team: Team = records.insert_records(Team, [values.model_dump(exclude={"members"})])[0]
    _replace_members(team, values.members)
    db.session.flush()
    return team


def update_team(team: Team, changes: Mapping[str, Any], *, actor: Actor) -> Team:
    """Change fields of a team; `members` is the whole list: whoever it leaves out is no longer in the team. The hours
    that its projects hold are spread over its members anew, and refused where these haven't got them."""
    audit_as(db.session, actor=actor, action="update")
    records.apply_changes(team, {name: value for name, value in changes.items() if name != "members"})
    if changes.get("members") is not None and _replace_members(team, changes["members"]):
        records.touch(team)
        db.session.flush()
        _spread_work_anew(team)
    db.session.flush()
    return team


def archive_team(team: Team, *, actor: Actor) -> Team:
    """Take the team off the lists; refused while it has projects that aren't finished."""
    archive_teams([team], actor=actor)
    return team


def archive_teams(several: Sequence[Team], *, actor: Actor) -> None:
    _refuse_at_work(several)
    records.archive_many(several, actor=actor)


def _refuse_at_work(teams: Sequence[Team]) -> None:
    unfinished = exists().where(Project.team_id == Team.id, Project.status.in_(RUNNING))
    query = select(Team.name).where(Team.id.in_([team.id for team in teams]), unfinished).order_by(Team.name).limit(1)
    name = db.session.scalar(query)
    if name is not None:
        raise TeamIsAtWork(
            f"“{name}” has projects that aren’t finished. Finish them, or give them to another team, then archive it."
        )


def _spread_work_anew(team: Team) -> None:
    """Take what the team's projects take of those who are in it now. Raises a Conflict where these haven't got it."""
    query = select(Project).where(Project.team_id == team.id, Project.status.in_(HOLDS_HOURS)).order_by(Project.id)
    for project in db.session.scalars(query.with_for_update(of=Project)).all():
        hold_hours(project)


def _replace_members(team: Team, members: Sequence[MemberInput]) -> bool:
    """Whether anybody came, went, or has another role, share or place."""
    there = {key: member for member in team.members for key in (member.assistant_id, member.user_id) if key}
    people = _people(members, kept={member.assistant_id or member.user_id for member in team.members})
    given = [(person.key, _fields_of(values, person)) for values, person in zip(members, people, strict=True)]
    team.members, changed = reconcile(there, given, TeamMember)
    return changed


def _fields_of(values: MemberInput, person: _Person) -> dict[str, Any]:
    who = {"assistant_id": person.assistant_id, "user_id": person.user_id, "name": values.name or person.name}
    return {**who, "role": values.role, "share": values.share}


def _people(members: Sequence[MemberInput], kept: Collection[UUID | None] = ()) -> list[_Person]:
    """Who the members are. Each must be there once, and be at work; one who is `kept` may have left since."""
    finding = _Finding.of(members)
    errors: list[FieldError] = []
    people: list[_Person] = []
    for position, member in enumerate(members):
        found = finding.person(member, kept)
        if isinstance(found, str):
            field = "user_id" if member.assistant_id is None else "assistant_id"
            errors.append(FieldError(f"/members/{position}/{field}", found, "unknown"))
            continue
        if any(found.key == other.key or (found.user_id and found.user_id == other.user_id) for other in people):
            field = "user_id" if member.assistant_id is None else "assistant_id"
            errors.append(FieldError(f"/members/{position}/{field}", f"{found.name} is named twice.", "duplicate"))
        people.append(found)
    if errors:
        raise UnknownMembers("The team can’t have these members.", errors=errors)
    return people


@dataclass(frozen=True)
class _Finding:
    """The profiles and accounts that a list of members names, and those that belong to them."""

    profiles: Mapping[UUID, Assistant]
    accounts: Mapping[UUID, User]

    @classmethod
    def of(cls, members: Sequence[MemberInput]) -> "_Finding":
        named = {member.assistant_id for member in members if member.assistant_id}
        users = {member.user_id for member in members if member.user_id}
        profiles = db.session.scalars(
            select(Assistant).where(Assistant.id.in_(named) | Assistant.user_id.in_(users))
        ).all()
        accounts = db.session.scalars(select(User).where(User.id.in_(users))).all()
        return cls({profile.id: profile for profile in profiles}, {user.id: user for user in accounts})

    def person(self, member: MemberInput, kept: Collection[UUID | None]) -> _Person | str:
        """Who it is; a sentence that says why nobody, or why not that person."""
        if member.assistant_id is None and member.user_id is None:
            return "Say who it is: find the person, or give an account’s id."
        profile = self._profile_of(member)
        if member.assistant_id is None and profile is None:
            return self._account(member.user_id, kept)
        if profile is None or (profile.is_archived and profile.id not in kept):
            return "There is no such assistant who takes work."
        if member.user_id is not None and member.user_id != profile.user_id:
            return f"This isn’t the account of {profile.name}."
        return _Person(profile.id, profile.user_id, profile.name)

    def _profile_of(self, member: MemberInput) -> Assistant | None:
        if member.assistant_id is not None:
            return self.profiles.get(member.assistant_id)
        return next((p for p in self.profiles.values() if p.user_id == member.user_id), None)

    def _account(self, user_id: UUID | None, kept: Collection[UUID | None]) -> _Person | str:
        user = self.accounts.get(user_id) if user_id else None
        if user is None or user.role == Role.CLIENT or (user.status == "suspended" and user.id not in kept):
            return "There is no such account of an expert or of staff."
        return _Person(None, user.id, user.username)
