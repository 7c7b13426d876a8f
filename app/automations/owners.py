"""Who owns an automation, by whose rights its versions act, and handing it over.

A version acts with the rights of whoever deployed it, narrowed to the scopes that they were let in with; one that an
application deployed for its company, with those scopes of the application. Whoever deploys the newest version is the
automation's owner. Who takes it over answers for all its versions up to then.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from app.automations.errors import NotYoursToHandOver, PersonNeeded, UnknownOwner
from app.automations.models import Automation, Version
from app.core.audit import audit_as
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.identities import Identity, picture_of
from app.identity.models import Application, Client, User
from app.identity.policy import is_staff

VIA = "automation"
MOST_LISTED = 200


class NobodyActs(Exception):
    """There is nobody by whose rights it could act; the message says why."""


@dataclass(frozen=True)
class _Behind:
    """Who stands behind a version."""

    user_id: UUID | None
    application_id: UUID | None = None
    scopes: frozenset[str] | None = None


def acting(automation_id: UUID, number: int, client_id: UUID) -> Identity:
    """By whose rights a version acts for the company. Raises `NobodyActs`."""
    behind = _behind(automation_id, number)
    if behind.application_id is not None:
        return _application(behind, client_id)
    return acting_person(behind.user_id, client_id, scopes=behind.scopes)


def acting_person(user_id: UUID | None, client_id: UUID, *, scopes: frozenset[str] | None = None) -> Identity:
    """A person as they act for the company. Raises `NobodyActs`."""
    user = db.session.scalar(
        select(User).where(User.id == _as_merged(user_id))
        .options(joinedload(User.client))
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if user is None:
        raise NobodyActs("This automation has no owner, and record steps use the owner’s permissions.")
    about = f"{user.username}, who owns this automation,"
    if not user.is_active:
        raise NobodyActs(f"{about} is {user.status}.")
    if not is_staff(user):
        if user.client_id != client_id:
            raise NobodyActs(f"{about} doesn’t belong to this company.")
        if user.client is not None and user.client.status != "active":
            raise NobodyActs(f"{user.client.name} is {user.client.status}.")
    return Identity(**picture_of(user), kind=VIA, session_id=None, scopes=scopes)


def _behind(automation_id: UUID, number: int) -> _Behind:
    query = (
        select(
            Automation.owner_id, Automation.taken_over_by_id, Automation.taken_over_until, Version.author_id,
            Version.author_scopes, Version.application_id,
        )
        .outerjoin(Version, (Version.automation_id == Automation.id) & (Version.number == number))
        .where(Automation.id == automation_id)
    )  # fmt: skip
    row = db.session.execute(query).one()
    if row.taken_over_until is not None and number <= row.taken_over_until:
        return _Behind(row.taken_over_by_id)
    scopes = None if row.author_scopes is None else frozenset(row.author_scopes)
    if row.application_id is not None:
        return _Behind(None, row.application_id, scopes)
    return _Behind(row.author_id or row.owner_id, None, scopes)


def _as_merged(user_id: UUID | None) -> Any:
    """The id of the account, or of the one that it was merged into."""
    found = aliased(User)
    return select(func.coalesce(found.merged_into_id, found.id)).where(found.id == user_id).scalar_subquery()


def _application(behind: _Behind, client_id: UUID) -> Identity:
    found = db.session.execute(
        select(Application, Client)
        .outerjoin(Client, Client.id == Application.client_id)
        .where(Application.id == behind.application_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NobodyActs("The application that deployed this version no longer exists. Hand over the automation.")
    application, company = found
    about = f"{application.name}, which owns this automation,"
    if application.revoked_at is not None:
        raise NobodyActs(f"{about} was revoked. Hand over the automation.")
    if application.client_id != client_id or company is None:
        raise NobodyActs(f"{about} doesn’t belong to this company.")
    if company.status != "active":
        raise NobodyActs(f"{company.name} is {company.status}.")
    return Identity(
        id=None, username=application.name, email="", role=Role.CLIENT.value, status="active", client_id=client_id,
        company=company.name, company_role=None, limits=None, timezone=None, theme=None, email_confirmed_at=None,
        created_at=application.created_at, updated_at=application.updated_at, kind=VIA, session_id=None,
        scopes=(behind.scopes or frozenset()) & frozenset(application.scopes), application_id=application.id,
    )  # fmt: skip


def hand_over(automation: Automation, owner_id: UUID, *, actor: Any) -> Automation:
    """Make a person its owner, who answers for all its versions up to now. Callers hold the row.

    Everybody who may change it can take it over; to others, the company's owners and staff hand it over. Raises
    `UnknownOwner`, `PersonNeeded`, `NotYoursToHandOver`.
    """
    if not getattr(actor, "is_person", True):
        raise PersonNeeded
    if owner_id != actor.id and not (is_staff(actor) or actor.company_role == "owner"):
        raise NotYoursToHandOver
    user = db.session.get(User, owner_id) if owner_id is not None else None
    if user is None or not user.is_active or not (user.id == actor.id or user.client_id == automation.client_id):
        raise UnknownOwner
    audit_as(db.session, actor=actor, action="hand-over")
    automation.owner_id = automation.taken_over_by_id = user.id
    automation.taken_over_until = automation.version_number
    db.session.flush()
    return automation


def who_could_own(automation: Automation, person: Identity) -> list[tuple[UUID, str]]:
    """The people to whom the person can hand it over, by name; first themselves."""
    mine = [(person.id, f"{person.username} (you)")] if person.id is not None and person.is_person else []
    if not mine or not (is_staff(person) or person.is_owner):
        return mine
    query = select(User.id, User.username).where(
        User.client_id == automation.client_id, User.status == "active", User.id != person.id
    )
    return [*mine, *((one, name) for one, name in db.session.execute(query.order_by(User.username).limit(MOST_LISTED)))]


@dataclass(frozen=True)
class Owner:
    """The owner as the automation's page names it; `trouble` says why its steps can't use records."""

    name: str
    trouble: str | None


def owner_shown(automation: Automation) -> Owner:
    with as_system("a company’s automation may be owned by staff, whom its people don’t see otherwise"):
        try:
            found = acting(automation.id, automation.version_number, automation.client_id)
        except NobodyActs as error:
            name = db.session.scalar(select(User.username).where(User.id == automation.owner_id))
            return Owner(name or "nobody", str(error))
        return Owner(found.username, None)
