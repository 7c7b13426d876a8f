"""What staff change of people and companies. A change of role or state counts at the person's next request."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, update

from app.auth.api_keys.models import ApiKey
from app.auth.mfa.models import Passkey, RecoveryCode, TwoFactor
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.passwords.operations import ask_for_reset
from app.auth.people import errors, policy
from app.auth.people.schemas import ClientInput
from app.core.audit import Actor, audit_as, record_event
from app.core.clock import now
from app.core.errors import Conflict
from app.core.events import publish
from app.core.permissions import Role
from app.core.steps import Step, WrongStep
from app.extensions import db
from app.identity import sessions
from app.identity.models import Client, User, UserSession
from app.identity.steps import COMPANY, USER

INVITATION = "invitation"
MAILED = (INVITATION, "reset-password", "email-confirm", "email-change")


def change_user(user: User, changes: Mapping[str, Any], *, actor: Actor) -> User:
    """Give a user, who is locked for update, another role (`role`, with `client_id` for a client) or state (`status`).

    Only an administrator may, who still is one when it is written, and not of their own account. One administrator who
    can sign in stays. Raises `Conflict` for a step that makes no sense, `Invalid` where the company is missing.
    """
    policy.hold_roles()
    policy.require_present(actor, "users:write")
    role, status = changes.get("role", user.role), changes.get("status", user.status)
    client_id = _company_after(user, role, changes)
    if (role, status, client_id) == (user.role, user.status, user.client_id):
        return user
    if user.id == actor.id:
        raise errors.OwnAccount
    if _is_open_admin(user) and (role, status) != (Role.ADMIN.value, "active"):
        _require_another_admin(user)
    if role != user.role:
        _give_role(user, role, client_id, actor)
    if status != user.status:
        _take_step(user, status, actor)
    db.session.flush()
    return user


def _company_after(user: User, role: str, changes: Mapping[str, Any]) -> UUID | None:
    given: UUID | None = changes.get("client_id", user.client_id if role == user.role else None)
    if role != Role.CLIENT.value:
        if given is not None:
            raise errors.CompanyNotTaken
        return None
    if given is None:
        raise errors.CompanyNeeded
    if user.client_id is not None and given != user.client_id:
        raise errors.OtherCompany
    return given


def _is_open_admin(user: User) -> bool:
    return user.role == Role.ADMIN.value and user.is_active


def has_come_in(user: User) -> bool:
    """Whether the person has ever been here: took the invitation, or signed up."""
    return user.password_hash is not None or user.email_confirmed_at is not None


def _require_another_admin(user: User) -> None:
    others = select(User.id).where(User.role == Role.ADMIN.value, User.status == "active", User.id != user.id)
    if db.session.scalar(others.limit(1)) is None:
        raise errors.LastAdministrator


def _give_role(user: User, role: str, client_id: UUID | None, actor: Actor) -> None:
    """Who comes to a company is its owner if it has none. Keys were made for the role that ends, and end with it."""
    client = lock_open_company(client_id) if client_id is not None else None
    company_role = None if client is None else "member" if has_owner(client.id) else "owner"
    audit_as(db.session, actor=actor, action="change-role")
    old, user.role = user.role, role
    user.client_id, user.company_role, user.limits = client_id, company_role, None
    db.session.flush()
    revoke_keys(user.id)
    if user.is_active:
        publish("user.role_changed", about=user, actor=actor, old=old, new=role)


def _merged(user: User) -> Conflict | None:
    return errors.IsMerged(user.username) if user.merged_into_id is not None else None


def _other_before(user: User, *, came_in: bool) -> Conflict | None:
    """Who is let in again is what they were before: active, or invited."""
    if has_come_in(user) == came_in:
        return _merged(user)
    before = "active" if has_come_in(user) else "invited"
    return _merged(user) or WrongStep(f"This user was {before} before, and can become so again.")


@USER.does("suspend", unless=_merged)
@USER.does("reactivate", unless=partial(_other_before, came_in=True))
@USER.does("reopen", unless=partial(_other_before, came_in=False))
def take_step(user: User, *, step: Step, actor: Actor) -> User:
    return change_user(user, {"status": step.target}, actor=actor)


def _take_step(user: User, status: str, actor: Actor) -> None:
    step = USER.towards(user, status)
    USER.begin(user, step.verb, actor=actor)
    if step.verb == "suspend":
        suspend(user, actor=actor)
    else:
        user.status = status
        db.session.flush()
        if user.is_active:
            publish("user.restored", about=user, actor=actor)


def suspend(user: User, *, actor: Actor) -> None:
    """Close the account at once: nothing that was issued to it works any more. The caller has said whose act it is."""
    was_active = user.is_active
    _shut_out(user, actor)
    if was_active:
        publish("user.suspended", about=user, actor=actor)


def close(user: User, *, actor: Actor) -> None:
    """Close the account for good: its API keys are revoked besides. The caller tells the user."""
    _shut_out(user, actor)
    revoke_keys(user.id)


def _shut_out(user: User, actor: Actor) -> None:
    user.status = "suspended"
    db.session.flush()
    sessions.end_other_sessions(user.id, keep=None, reason="suspended", actor=actor)
    one_time_tokens.cancel(user.id, *MAILED)


def revoke_keys(user_id: UUID) -> None:
    """Let the user's API keys open nothing any more."""
    _revoke(ApiKey.user_id == user_id)


def revoke_keys_of_company(client_id: UUID) -> None:
    """Let the API keys of the company and of its people open nothing any more."""
    its_people = select(User.id).where(User.client_id == client_id)
    _revoke(or_(ApiKey.client_id == client_id, ApiKey.user_id.in_(its_people)))


def _revoke(which: ColumnElement[bool]) -> None:
    moment = now()
    still_good = update(ApiKey).where(which, ApiKey.revoked_at.is_(None))
    db.session.execute(still_good.values(revoked_at=moment, updated_at=moment))


def has_owner(client_id: UUID, *, but: UUID | None = None) -> bool:
    """Whether an owner of the company can come in, besides the one named."""
    owners = select(User.id).where(User.client_id == client_id, User.company_role == "owner", User.status == "active")
    return db.session.scalar((owners.where(User.id != but) if but else owners).limit(1)) is not None


def lock_open_company(client_id: UUID) -> Client:
    """The company, locked; raises UnknownCompany where nobody can come to it."""
    found = db.session.scalar(select(Client.id).where(Client.id == client_id))
    client = policy.lock_company(client_id) if found is not None else None
    if client is None or client.status != "active":
        raise errors.UnknownCompany
    return client


def set_company_role(user: User, company_role: str, *, actor: Actor) -> User:
    """Make a user of a company, who is locked for update, its owner or a member. The last owner stays one."""
    if user.client_id is None:
        raise WrongStep("Only people of a company are owners or members.")
    client = policy.lock_company(user.client_id)
    if user.company_role == company_role:
        return user
    if company_role == "member" and user.is_active and not has_owner(client.id, but=user.id):
        raise errors.LastOwner
    audit_as(db.session, actor=actor, action=f"make-{company_role}")
    user.company_role = company_role
    user.limits = None
    db.session.flush()
    return user


def change_company_role(user: User, company_role: str, *, actor: Actor) -> User:
    """`set_company_role`, by an administrator."""
    policy.share_roles()
    policy.require_present(actor, "users:write")
    return set_company_role(user, company_role, actor=actor)


def send_reset(user: User, *, actor: Actor) -> None:
    """Mail the user a link for a new password, as the user could ask for it."""
    policy.share_roles()
    policy.require_present(actor, "clients:write")
    if not user.is_active:
        raise WrongStep(f"A user who is {user.status} has no use for a new password.")
    record_event(db.session, actor=actor, action="send-reset", about=user)
    ask_for_reset(user.email)


def end_sessions(user: User, *, actor: Actor) -> int:
    """End all sign-ins of a user; tells how many."""
    policy.share_roles()
    policy.require_present(actor, "users:write")
    audit_as(db.session, actor=actor, action="end-session")
    return sessions.end_other_sessions(user.id, keep=None, reason="ended", actor=actor)


def create_client(values: ClientInput, *, actor: Actor) -> Client:
    audit_as(db.session, actor=actor, action="create")
    client = Client(**values.model_dump())
    db.session.add(client)
    db.session.flush()
    return client


def update_client(client: Client, changes: Mapping[str, Any], *, actor: Actor) -> Client:
    """Rename a company that is locked for update, or reactivate or suspend it: then all its people's sign-ins end."""
    policy.require_present(actor, "clients:write")
    before, after = client.status, changes.get("status", client.status)
    step = COMPANY.towards(client, after) if after != before else None
    if step is not None:
        COMPANY.require(client, step.verb)
    audit_as(db.session, actor=actor, action=step.action if step else "update")
    for name, value in changes.items():
        if getattr(client, name) != value:
            setattr(client, name, value)
    db.session.flush()
    if before != client.status == "suspended":
        end_sessions_of_company(client.id, actor=actor)
    return client


def _company_merged(client: Client) -> Conflict | None:
    return errors.IsMerged(client.name) if client.merged_into_id is not None else None


@COMPANY.does("suspend", "reactivate", unless=_company_merged)
def take_company_step(client: Client, *, step: Step, actor: Actor) -> Client:
    COMPANY.require(client, step.verb)
    return update_client(client, {"status": step.target}, actor=actor)


def end_sessions_of_company(client_id: UUID, *, actor: Actor) -> None:
    signed_in = select(UserSession.user_id).where(UserSession.ended_at.is_(None)).distinct()
    its_people = select(User.id).where(User.client_id == client_id, User.id.in_(signed_in)).order_by(User.id)
    for user_id in db.session.scalars(its_people).all():
        sessions.end_other_sessions(user_id, keep=None, reason="suspended", actor=actor)


def reset_second_factor(user: User, *, reason: str, actor: Actor) -> None:
    """Take away a user's authenticator app, recovery codes and passkeys, and end the sign-ins, for one who has lost
    them all. The user is told; the audit keeps the reason."""
    policy.share_roles()
    policy.require_present(actor, "users:write")
    if user.id == actor.id:
        raise errors.OwnAccount
    for table in (TwoFactor, RecoveryCode, Passkey):
        db.session.execute(delete(table).where(table.user_id == user.id))
    record_event(db.session, actor=actor, action="reset-second-factor", about=user, details={"reason": reason})
    sessions.end_other_sessions(user.id, keep=None, reason="ended", actor=actor)
    publish("user.two_factor_disabled", about=user, actor=actor)
