"""What a sign-in is known by and how long it lasts.

A portal sign-in ends 12 hours after its last use, any sign-in 30 days after it began. The browser holds a random
token; the database holds its SHA-256 alone, so that a copy of the database opens nothing.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, or_, select, update

from app.core.audit import Actor, record_event, using_audit_context
from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User, UserSession

OWN_KINDS = ("portal", "api")
"""The sign-ins that a person makes; an application's (`oauth`) is what the person let it do."""
KINDS = (*OWN_KINDS, "oauth")

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
USE_NOTED_EVERY = timedelta(minutes=1)


def new_token() -> str:
    """256 random bits, fit for a cookie."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """A device by a name that its owner knows: “Firefox on Windows”; a program by its own."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    printable = "".join(character for character in user_agent if character.isprintable())
    return printable.partition(" ")[0][:60] or "Unknown device"


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


def start_session(
    user: User | None,
    *,
    kind: str,
    device: Device,
    methods: Sequence[str] = ("password",),
    application_id: UUID | None = None,
    scopes: Sequence[str] | None = None,
    lifetime: timedelta = LONGEST,
    impersonator_id: UUID | None = None,
) -> SignIn:
    """Begin a sign-in of `kind` `portal`, `api` or `oauth`, and write it down where it is the person's own.

    `methods` says what it was proved with. One of an application (`oauth`) is narrowed to `scopes`; without a `user`,
    the application acts for its company alone. With an `impersonator_id`, staff see the portal as the user.
    """
    own = kind in OWN_KINDS and impersonator_id is None
    token = new_token()
    started = now()
    session = UserSession(
        user=user,
        kind=kind,
        token_hash=hash_of(token) if kind == "portal" else None,
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
    kinds: Sequence[str] = KINDS,
) -> int:
    """End a user's sign-ins of all those kinds, applications' and onlookers' included, but for the one to `keep`; tells
    how many."""
    theirs = select(UserSession).where(UserSession.user_id == user_id, UserSession.kind.in_(kinds))
    return len(_end(theirs.where(UserSession.id != keep) if keep else theirs, reason=reason, actor=actor))


def end_sessions_of_application(application_id: UUID, *, user_id: UUID | None = None) -> int:
    """End what an application has open, for one user or for all; tells how many."""
    its = select(UserSession).where(UserSession.application_id == application_id)
    return len(_end(its.where(UserSession.user_id == user_id) if user_id else its, reason="revoked", actor=None))


def end_impersonations(staff_id: UUID, *, reason: str) -> int:
    """End every look that the member of staff takes through a customer's eyes; tells how many."""
    return len(_end(_impersonations_of({staff_id}), reason=reason, actor=None))


def _impersonations_of(staff_ids: Collection[UUID | None]) -> Select[UserSession]:
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
        _end(_impersonations_of(onlookers), reason=reason, actor=actor)
    return ended


def _write_end(session: UserSession, actor: Actor | None) -> None:
    """Write down the end of a sign-in that is the person's own, or of a look through their eyes."""
    if session.kind not in OWN_KINDS or session.user is None:
        return
    user, details = session.user, {"reason": session.end_reason, "device": session.device, "address": session.address}
    if session.impersonator_id is None:
        action = "sign-out" if session.end_reason == "sign-out" else "end-session"
        record_event(db.session, actor=actor or user, action=action, about=user, details=details)
        return
    with as_system("a company doesn't see the staff member whose view of it ends"):
        impersonator = db.session.get_one(User, session.impersonator_id)
    with using_audit_context(acting_as_id=user.id, acting_as_name=user.username):
        details = {"reason": session.end_reason, "seen_by": impersonator.username}
        record_event(db.session, actor=actor or impersonator, action="stop-seeing-as", about=user, details=details)


def use_is_due(session: UserSession) -> bool:
    """Whether its last use was noted a minute ago or longer."""
    return session.last_used_at <= now() - USE_NOTED_EVERY


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
