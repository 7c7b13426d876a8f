"""What changes accounts and sign-ins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, update

from app.auth.errors import AccountSuspended, EmailTaken, LooksTaken, UsernameTaken, WrongCredentials
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.passwords import hashing as passwords
from app.auth.passwords.hashing import Passwords
from app.core.audit import Actor, attribute, originating, record_event
from app.core.clock import now
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import sessions
from app.identity.confusables import skeletons_of
from app.identity.models import Ticket, User, UserSession

NOTHING_NEW = {"identity": "unchanged", "synchronize_session": False}
"""The execution options of a statement that changes nothing which an identity is made of."""
KEPT_AFTER_END = timedelta(days=30)
SWEPT_AT_ONCE = 1_000


@dataclass(frozen=True)
class Device:
    """What somebody signs in with."""

    name: str
    address: str


@dataclass(frozen=True)
class SignIn:
    session: UserSession
    token: str
    """What the browser keeps; the database doesn't know it."""


def check_password(user: User | None, password: str, *, hashing: Passwords) -> User:
    """The user, when that is the password; raises WrongCredentials, alike in look and work for an unknown user.

    A password that was hashed at another cost than today's is hashed again.
    """
    known = user.password_hash if user is not None else None
    if not hashing.is_right(password, known) or user is None or known is None:
        raise WrongCredentials
    if not user.is_active or (user.client is not None and user.client.status != "active"):
        raise AccountSuspended
    if hashing.is_outdated(known):
        attribute(db.session, actor=user, action="rehash-password")
        user.password_hash = hashing.hash(password)
        db.session.flush()
    return user


def start_session(
    user: User | None,
    *,
    kind: str,
    device: Device,
    methods: Sequence[str] = ("password",),
    application_id: UUID | None = None,
    scopes: Sequence[str] | None = None,
    lifetime: timedelta = sessions.LONGEST,
    impersonator_id: UUID | None = None,
) -> SignIn:
    """Begin a sign-in of `kind` `portal`, `api` or `oauth`, and write it down where it is the person's own.

    `methods` says what it was proved with. One of an application (`oauth`) is narrowed to `scopes`; without a `user`,
    the application acts for its company alone. With an `impersonator_id`, staff see the portal as the user.
    """
    own = kind in sessions.OWN_KINDS and impersonator_id is None
    token = sessions.new_token()
    started = now()
    session = UserSession(
        user=user,
        kind=kind,
        token_hash=sessions.hash_of(token) if kind == "portal" else None,
        application_id=application_id,
        scopes=None if scopes is None else list(scopes),
        methods=list(methods) if own else [],
        confirmed_at=started if own else None,
        impersonator_id=impersonator_id,
        device=device.name,
        address=device.address,
        created_at=started,
        last_used_at=started,
        expires_at=started + lifetime,
    )
    db.session.add(session)
    if own and user is not None:
        details = {"kind": kind, "device": device.name, "address": device.address, "methods": list(methods)}
        record_event(db.session, actor=user, action="sign-in", about=user, details=details)
    db.session.flush()
    return SignIn(session, token)


def end_session(session_id: UUID, *, reason: str = "sign-out", actor: Actor | None = None) -> bool:
    """End a sign-in: its cookie and its tokens open nothing from now on. Tells whether it was open.

    Without an `actor` its own user ends it. `reason` is one of those that `UserSession.end_reason` names.
    """
    found = select(UserSession).where(UserSession.id == session_id)
    return bool(_end(found, reason=reason, actor=actor))


def end_other_sessions(
    user_id: UUID,
    *,
    keep: UUID | None,
    reason: str,
    actor: Actor | None = None,
    kinds: Sequence[str] = sessions.KINDS,
) -> int:
    """End a user's sign-ins of all those kinds, applications' and onlookers' included, but for the one to `keep`; tells
    how many."""
    theirs = select(UserSession).where(UserSession.user_id == user_id, UserSession.kind.in_(kinds))
    return len(_end(theirs.where(UserSession.id != keep) if keep else theirs, reason=reason, actor=actor))


def end_sessions_of_application(application_id: UUID, *, user_id: UUID | None = None, reason: str = "revoked") -> int:
    """End what an application has open, for one user or for all; tells how many."""
    its = select(UserSession).where(UserSession.application_id == application_id)
    return len(_end(its.where(UserSession.user_id == user_id) if user_id else its, reason=reason, actor=None))


def end_looks(staff_id: UUID, *, reason: str, actor: Actor | None = None) -> int:
    """End every look that the member of staff takes through a customer's eyes; tells how many."""
    return len(_end(_looks_of({staff_id}), reason=reason, actor=actor))


def _looks_of(staff_ids: Collection[UUID | None]) -> Select[UserSession]:
    return select(UserSession).where(UserSession.impersonator_id.in_(staff_ids))


def _end(which: Select[UserSession], *, reason: str, actor: Actor | None) -> list[UserSession]:
    still_open = which.where(UserSession.ended_at.is_(None)).order_by(UserSession.id)
    held = still_open.with_for_update(of=UserSession).execution_options(populate_existing=True)
    ended = list(db.session.scalars(held))
    for session in ended:
        session.ended_at, session.end_reason = now(), reason
    db.session.flush()
    for session in ended:
        _write_end(session, actor)
    # A look lasts no longer than the sign-in beside which it counts.
    if onlookers := {one.user_id for one in ended if one.kind == "portal" and one.impersonator_id is None}:
        _end(_looks_of(onlookers), reason=reason, actor=actor)
    return ended


def _write_end(session: UserSession, actor: Actor | None) -> None:
    """Write down the end of a sign-in that is the person's own, or of a look through their eyes."""
    if session.kind not in sessions.OWN_KINDS or session.user is None:
        return
    user, details = session.user, {"reason": session.end_reason, "device": session.device, "address": session.address}
    if session.impersonator_id is None:
        action = "sign-out" if session.end_reason == "sign-out" else "end-session"
        record_event(db.session, actor=actor or user, action=action, about=user, details=details)
        return
    with as_system():  # the customer, who may end it, sees no staff
        onlooker = db.session.get_one(User, session.impersonator_id)
    with originating(acting_as_id=user.id, acting_as_name=user.username):
        details = {"reason": session.end_reason, "seen_by": onlooker.username}
        record_event(db.session, actor=actor or onlooker, action="stop-seeing-as", about=user, details=details)


def use_is_due(session: UserSession) -> bool:
    """Whether its last use was noted a minute ago or longer."""
    return session.last_used_at <= now() - sessions.USE_NOTED_EVERY


def note_uses(uses: Mapping[UUID, datetime]) -> None:
    """Note the uses of many sign-ins; one that was used later since keeps that."""
    for session_id, at in sorted(uses.items()):
        earlier = (UserSession.id == session_id, UserSession.last_used_at < at)
        db.session.execute(update(UserSession).where(*earlier).values(last_used_at=at), execution_options=NOTHING_NEW)


def note_use(session: UserSession) -> bool:
    """Note that the sign-in is in use, once a minute at most; tells whether anything was written."""
    if not use_is_due(session):
        return False
    session.last_used_at = now()
    db.session.flush()
    return True


def sweep_sessions() -> int:
    """Delete sign-ins that ended long ago, with their refresh tokens, some at a time; tells how many."""
    over = now() - KEPT_AFTER_END
    stale = select(UserSession.id).where(or_(UserSession.ended_at < over, UserSession.expires_at < over))
    batch = stale.limit(SWEPT_AT_ONCE).with_for_update(skip_locked=True)
    return len(db.session.scalars(delete(UserSession).where(UserSession.id.in_(batch)).returning(UserSession.id)).all())


def sweep_tickets() -> None:
    """Delete tickets that were good for the last time a day ago."""
    db.session.execute(delete(Ticket).where(Ticket.expires_at < now() - one_time_tokens.KEPT_AFTER_END))


def create_user(
    *, username: str, email: str, password: str, role: Role, hashing: Passwords, actor: Actor, **more: Any
) -> User:
    """Make a user who can sign in at once; raises UsernameTaken, LooksTaken, EmailTaken, or Invalid for a weak
    password. `more` are the other arguments of `add_user`."""
    passwords.check_strength(password, username=username, email=email)
    password_hash = hashing.hash(password)
    return add_user(username=username, email=email, role=role, password_hash=password_hash, actor=actor, **more)


def add_user(
    *,
    username: str,
    email: str,
    role: Role,
    password_hash: str | None,
    actor: Actor,
    client_id: UUID | None = None,
    company_role: str | None = None,
    status: str = "active",
    email_is_confirmed: bool = False,
) -> User:
    """Make a user whose password, if any, is hashed already; raises UsernameTaken, LooksTaken or EmailTaken.

    One of a company (`client_id`) has a `company_role`: `owner`, unless another is given.
    """
    _refuse_taken(username, email)
    attribute(db.session, actor=actor, action="create")
    user = User(
        username=username,
        email=email,
        role=role.value,
        client_id=client_id,
        company_role=company_role or ("owner" if role == Role.CLIENT else None),
        password_hash=password_hash,
        status=status,
        email_confirmed_at=now() if email_is_confirmed else None,
    )
    db.session.add(user)
    db.session.flush()
    return user


def _refuse_taken(username: str, email: str) -> None:
    refuse_taken_name(username)
    if db.session.scalar(select(User.id).where(func.lower(User.email) == func.lower(email))) is not None:
        raise EmailTaken(email)


def refuse_taken_name(username: str, *, but: User | None = None) -> None:
    """Raise UsernameTaken or LooksTaken where somebody else has the name, or one that looks like it."""
    same = func.lower(User.username) == func.lower(username)
    query = select(same).where(or_(same, User.name_skeleton.in_(skeletons_of(username))))
    if but is not None:
        query = query.where(User.id != but.id)
    found = db.session.scalars(query).all()
    if found:
        raise UsernameTaken(username) if any(found) else LooksTaken
