"""What the actor may do *now*: a request began with a picture of its user, and another may have changed the role since.

Whoever changes what people may do holds `hold_roles`, so that such changes come one after the other and each sees the
last. Locks are taken in one order, so that nobody waits in a circle: rows of users (by id), the roles, rows of
companies (by id).
"""

from uuid import UUID

from sqlalchemy import func, select

from app.core.audit import Actor
from app.core.errors import NotFound, Refused
from app.core.permissions import Role
from app.extensions import db
from app.identity.models import Client, User
from app.identity.policy import can

_ROLES = "people: roles"


def hold_roles() -> None:
    """Let nobody else change what people may do until this transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_ROLES, 0))))


def share_roles() -> None:
    """Let what people may do stay as it is until this transaction ends; others may rely on it, too."""
    db.session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtextextended(_ROLES, 0))))


def require_present(actor: Actor, permission: str) -> None:
    """Refuse an actor who no longer has the permission. The caller holds or shares the roles; what acts without a user
    (a command, a job) has been let in by whoever runs it."""
    if actor.id is not None and not can(_present(actor.id), permission):
        raise Refused("Your role doesn’t allow this any more.")


def require_admin(actor: Actor) -> None:
    """Refuse an actor who is no administrator any more."""
    if actor.id is not None and (present := _present(actor.id)).role != Role.ADMIN.value:
        raise Refused(f"{present.username} is no administrator any more.")


def _present(user_id: UUID) -> User:
    """The user as the database has it; a copy that nobody else sees, so that nothing that was loaded is disturbed."""
    columns = (User.username, User.role, User.status, User.limits)
    row = db.session.execute(select(*columns).where(User.id == user_id)).one_or_none()
    if row is None or row.status != "active":
        raise Refused("Your account is closed.")
    return User(**row._asdict())


def lock_company(client_id: UUID) -> Client:
    """The company, locked until the transaction ends, and read afresh."""
    found = db.session.scalar(
        select(Client)
        .where(Client.id == client_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such company.")
    return found


def lock_users(*user_ids: UUID) -> dict[UUID, User]:
    """Those of the users who are there, locked in one order, and read afresh."""
    found = db.session.scalars(
        select(User)
        .where(User.id.in_(user_ids))
        .order_by(User.id)
        .with_for_update(of=User)
        .execution_options(populate_existing=True)
    )
    return {user.id: user for user in found}


def require_owner(actor: Actor) -> Client:
    """The company that the actor owns, locked; refused where the actor owns none any more."""
    present = select(User.client_id, User.company_role, User.status).where(User.id == actor.id)
    client_id = db.session.scalar(select(User.client_id).where(User.id == actor.id))
    if client_id is None:
        raise Refused("Only the owner of a company may do this.")
    client = lock_company(client_id)
    now = db.session.execute(present).one()
    if (now.client_id, now.company_role, now.status) != (client.id, "owner", "active") or client.status != "active":
        raise Refused("Only the owner of a company may do this.")
    return client
