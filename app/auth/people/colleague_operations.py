"""What the owner of a company changes of its people. Each operation holds the company while it looks whether the actor
still owns it; a person of another company is not there."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from app.auth.invitations import operations as invitations
from app.auth.people import errors, operations, policy
from app.core.audit import Actor, audit_as
from app.core.errors import Invalid, NotFound
from app.core.permissions import Role
from app.core.steps import WrongStep
from app.extensions import db
from app.identity.models import Client, User
from app.identity.policy import permissions_of_role

OFFERED = tuple(sorted(permissions_of_role(Role.CLIENT.value)))
"""The permissions that an owner may leave to a member or not."""


def remove(user_id: UUID, *, actor: Actor) -> User:
    """Let a person of the company no longer come in: at once, with all that was issued to them."""
    user = _colleague(user_id, actor)
    _refuse_self(user, actor)
    if user.company_role == "owner" and user.is_active and not operations.has_owner(_company_of(user), but=user.id):
        raise errors.LastOwner
    if user.status == "invited":
        invitations.take_back(user, actor=actor)
        return user
    if user.status == "suspended":
        raise WrongStep(f"{user.username} has no access any more.")
    audit_as(db.session, actor=actor, action="remove")
    operations.suspend(user, actor=actor)
    operations.revoke_keys(user.id)
    return user


def limit(user_id: UUID, kept: Collection[str], *, actor: Actor) -> User:
    """Leave to a member those of the role's permissions, from the next request on; all of them lift the limit."""
    user = _colleague(user_id, actor)
    _refuse_self(user, actor)
    if user.company_role == "owner":
        raise errors.OwnersAreNotLimited
    unknown = [name for name in kept if name not in OFFERED]
    if unknown:
        raise Invalid(f"A member of a company has no permission “{unknown[0]}”.", at="/limits", wrong="unknown")
    # Whoever may change something may see it.
    held = {*kept, *(name.replace(":write", ":read") for name in kept)}
    audit_as(db.session, actor=actor, action="limit")
    user.limits = None if held >= set(OFFERED) else sorted(held)
    db.session.flush()
    return user


def set_company_role(user_id: UUID, company_role: str, *, actor: Actor) -> User:
    """Make a person of the company an owner or a member."""
    user = _colleague(user_id, actor)
    _refuse_self(user, actor)
    return operations.set_company_role(user, company_role, actor=actor)


def send_invitation_again(user_id: UUID, *, actor: Actor) -> User:
    user = _colleague(user_id, actor)
    invitations.send_again(user, actor=actor)
    return user


def require_second_factor(required: bool, *, actor: Actor) -> Client:
    """Ask all people of the company for a second factor, or no longer."""
    client = policy.require_owner(actor)
    audit_as(db.session, actor=actor, action="update")
    client.require_second_factor = required
    db.session.flush()
    return client


def people_of(client_id: UUID) -> list[User]:
    """The company's people: owners first, who has no access any more last."""
    theirs = select(User).where(User.client_id == client_id, User.merged_into_id.is_(None))
    order = (User.status == "suspended", User.company_role.desc(), User.username, User.id)
    return list(db.session.scalars(theirs.order_by(*order)))


def get_company(client_id: UUID) -> Client:
    return db.session.get_one(Client, client_id)


def _colleague(user_id: UUID, actor: Actor) -> User:
    """The person, locked, if the actor owns the company that they belong to."""
    user = policy.lock_users(user_id).get(user_id)
    client = policy.require_owner(actor)
    if user is None or user.client_id != client.id or user.merged_into_id is not None:
        raise NotFound("There is no such person in your company.")
    return user


def _company_of(user: User) -> UUID:
    assert user.client_id is not None
    return user.client_id


def _refuse_self(user: User, actor: Actor) -> None:
    if user.id == actor.id:
        raise errors.OwnAccount
