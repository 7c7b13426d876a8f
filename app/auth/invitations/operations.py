"""Bringing people in by a mailed link.

An invited user is there from the invitation on, with the state `invited` and a name made from the address. The link is
good for seven days and for one acceptance (`registration.operations.accept_invitation`).
"""

import re
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.auth.accounts import operations as accounts
from app.auth.accounts.operations import refuse_taken_name
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.auth.people import errors, operations, policy
from app.auth.people.operations import INVITATION
from app.auth.people.schemas import ColleagueInput, InvitationInput
from app.auth.registration.errors import BadLink
from app.auth.registration.operations import told_who_was_faster
from app.auth.registration.schemas import AcceptInput
from app.core.addresses import path_of
from app.core.audit import Actor, audit_as
from app.core.clock import now
from app.core.events import publish
from app.core.names import in_ascii
from app.core.permissions import STAFF, Role
from app.extensions import db
from app.identity import queries as users
from app.identity.confusables import skeleton_of
from app.identity.models import Client, User

LIFETIME = timedelta(days=7)
HOUSE = "DIG|LIT"
LONGEST_NAME, NAMES_TRIED = 60, 30


def invite(values: InvitationInput, *, actor: Actor) -> User:
    """Invite somebody as staff. Other staff are an administrator's to invite; clients come into a company."""
    _require_may_invite(values.role, actor)
    if values.role != Role.CLIENT.value:
        if values.client_id is not None:
            raise errors.CompanyNotTaken
        return _invite(values.email, Role(values.role), None, None, actor)
    if values.client_id is None:
        raise errors.CompanyNeeded
    client = operations.lock_open_company(values.client_id)
    return _invite(values.email, Role.CLIENT, client, values.company_role, actor)


def _require_may_invite(role: str, actor: Actor) -> None:
    policy.share_roles()
    if role in STAFF:
        policy.require_admin(actor)
    else:
        policy.require_present(actor, "clients:write")


def invite_colleague(values: ColleagueInput, *, actor: Actor) -> User:
    """Invite somebody into the company that the actor owns. The owner's own address must be confirmed."""
    client = policy.require_owner(actor)
    if db.session.scalar(select(User.email_confirmed_at).where(User.id == actor.id)) is None:
        raise errors.UnconfirmedInviter
    return _invite(values.email, Role.CLIENT, client, values.company_role, actor)


def _invite(email: str, role: Role, client: Client | None, company_role: str | None, actor: Actor) -> User:
    _refuse_known(email, client)
    try:
        with db.session.begin_nested():
            user = accounts.add_user(
                username=_free_name(email),
                email=email,
                role=role,
                password_hash=None,
                actor=actor,
                client_id=client.id if client else None,
                company_role=company_role,
                status="invited",
            )
    except IntegrityError:
        _refuse_known(email, client)
        raise
    _send(user, client.name if client else HOUSE, actor)
    return user


def _refuse_known(email: str, client: Client | None) -> None:
    known = db.session.scalar(select(User).where(func.lower(User.email) == func.lower(email)))
    if known is None:
        return
    if client is None or known.client_id != client.id or known.status == "suspended":
        raise errors.HasAccount(email)
    raise errors.AlreadyInvited(email) if known.status == "invited" else errors.AlreadyHere(known)


def _free_name(email: str) -> str:
    """A user name that the address makes and that is free; the person may choose another."""
    base = re.sub(r"[^\w.-]+", "-", in_ascii(email.partition("@")[0])).strip("-.")[: LONGEST_NAME - 5] or "user"
    candidates = [base, *(f"{base}{number}" for number in range(2, NAMES_TRIED))]
    looks = {name: skeleton_of(name) for name in candidates}
    taken = set(db.session.scalars(select(User.name_skeleton).where(User.name_skeleton.in_(looks.values()))))
    lowered = [name.lower() for name in candidates]
    named = set(db.session.scalars(select(func.lower(User.username)).where(func.lower(User.username).in_(lowered))))
    free = next((name for name in candidates if looks[name] not in taken and name.lower() not in named), None)
    return free or f"{base[:40]}-{one_time_tokens.digest_of(email, now()).hex()[:12]}"


def _send(user: User, house: str, actor: Actor) -> None:
    one_time_tokens.cancel(user.id, INVITATION)
    token = one_time_tokens.issue(INVITATION, lifetime=LIFETIME, user_id=user.id)
    link = path_of("registration.invitation", token=token)
    publish("user.invited", about=user, actor=actor, company=house, inviter=actor.username, secret=link)


def send_again(user: User, *, actor: Actor) -> None:
    """Mail a new link to an invited user, who is locked; the old one is good for nothing."""
    _require_invited(user)
    audit_as(db.session, actor=actor, action="invite-again")
    _send(user, user.client.name if user.client else HOUSE, actor)


def staff_send_again(user: User, *, actor: Actor) -> None:
    """`send_again`, by staff who could have invited the user."""
    _require_may_invite(user.role, actor)
    send_again(user, actor=actor)


def staff_take_back(user: User, *, actor: Actor) -> None:
    """`take_back`, by staff who could have invited the user."""
    _require_may_invite(user.role, actor)
    take_back(user, actor=actor)


def take_back(user: User, *, actor: Actor) -> None:
    """Undo an invitation: the link is good for nothing, and the address is free again. The audit keeps both."""
    _require_invited(user)
    audit_as(db.session, actor=actor, action="take-back-invitation")
    db.session.execute(delete(User).where(User.id == user.id))
    db.session.expunge(user)


def _require_invited(user: User) -> None:
    if user.status != "invited":
        raise errors.NotInvited(user)


def expiry_of(user_ids: list[UUID]) -> dict[UUID, OneTimeToken]:
    """The open invitation of each of the users who has one."""
    rows = db.session.scalars(
        select(OneTimeToken).where(
            OneTimeToken.user_id.in_(user_ids),
            OneTimeToken.purpose == INVITATION,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now(),
        )
    )
    return {stored.user_id: stored for stored in rows if stored.user_id is not None}


def find_invited(token: str) -> User:
    """Whom an invitation is for, while it is good. Raises BadLink."""
    stored = one_time_tokens.find(token, INVITATION)
    return _check(stored, stored.user if stored else None)


def accept_invitation(token: str, values: AcceptInput, *, hashing: Passwords) -> User:
    """Let an invited person in, under the name and the password of their choice; the address is proven by the link.

    Of two at once, one gets in. Raises BadLink, UsernameTaken, LooksTaken, or Invalid for a weak password; all but
    the first leave the link good.
    """
    user = find_invited(token)
    passwords.check_strength(values.password, username=values.username, email=user.email)
    password_hash = hashing.hash(values.password)
    user = users.get_user(user.id, for_update=True)
    _check(one_time_tokens.use(token, INVITATION), user)
    refuse_taken_name(values.username, but=user)
    with told_who_was_faster(values.username, user.email):
        audit_as(db.session, actor=user, action="accept-invitation")
        user.username, user.password_hash = values.username, password_hash
        user.status, user.email_confirmed_at = "active", now()
        db.session.flush()
    one_time_tokens.cancel(user.id, INVITATION)
    return user


def _check(stored: OneTimeToken | None, user: User | None) -> User:
    if stored is None or user is None or stored.user_id != user.id or user.status != "invited":
        raise BadLink
    if user.client is not None and user.client.status != "active":
        raise BadLink
    return user
