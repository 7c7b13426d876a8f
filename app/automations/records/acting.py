"""By whose rights a run uses records: those of its company, and of the automation's owner as they are now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.automations.effects import StepFailed
from app.automations.models import Automation, Run
from app.core.audit import begin_change, current_actor, set_actor, using_audit_context
from app.core.clock import being_here
from app.core.tenancy import TenantContext, tenant_context
from app.extensions import db
from app.identity.identities import Identity, picture_of
from app.identity.models import User
from app.identity.policy import can, is_staff

T = TypeVar("T")
VIA = "automation"
"""What the audit says of where a run's changes come from; their request is the run's id."""

_run: ContextVar[Run | None] = ContextVar("automation_run", default=None)
current_run = _run.get
"""The run whose record step does the present work, if one does."""


def once(key: tuple[Any, ...], find: Callable[[], T]) -> T:
    """What `find` finds, asked once in a transaction: many runs share one."""
    session = db.session()
    of, found = session.info.get("automations.found", (None, {}))
    if of is not session.get_transaction():
        found = {}
        session.info["automations.found"] = (session.get_transaction(), found)
    if key not in found:
        found[key] = find()
    return cast("T", found[key])


def owner_of(run: Run) -> Identity:
    """The automation's owner; of a draft that is only tried, who tries it. Raises `StepFailed` where there is none, or
    one who may do nothing for the company."""
    return once(("owner", run.automation_id, run.actor_id, run.client_id), lambda: _find_owner(run))


def _find_owner(run: Run) -> Identity:
    query = select(User).join(Automation, Automation.owner_id == User.id).where(Automation.id == run.automation_id)
    user = db.session.scalar(
        (query if run.automation_id is not None else select(User).where(User.id == run.actor_id))
        .options(joinedload(User.client))
        .execution_options(populate_existing=True)
    )
    if user is None:
        raise _lacking("This automation has no owner, and so nobody by whose rights it could use records.")
    about = f"{user.username}, who owns this automation,"
    if not user.is_active:
        raise _lacking(f"{about} is {user.status}.")
    if not is_staff(user):
        if user.client_id != run.client_id:
            raise _lacking(f"{about} doesn’t belong to this company.")
        if user.client is not None and user.client.status != "active":
            raise _lacking(f"{user.client.name} is {user.client.status}.")
    return Identity(**picture_of(user), kind=VIA, session_id=None)


def require(owner: Identity, permission: str, what: str) -> None:
    """Raises `StepFailed` if the owner may not do it."""
    if not can(owner, permission):
        raise _lacking(f"{owner.username}, who owns this automation, may not {what} ({permission}).")


@contextmanager
def acting_for(run: Run, owner: Identity) -> Iterator[None]:
    """Inside this block, work is the owner's, within the company, by the run; staff see that company alone as well."""
    token = _run.set(run)
    try:
        with acting_within(run.client_id, owner, request_id=str(run.id), caused_by=run.id):
            yield
    finally:
        _run.reset(token)


@contextmanager
def acting_within(client_id: UUID, owner: Identity, **source: Any) -> Iterator[None]:
    """The same for what several runs of the company do at once, each of which is named where it counts; `source` is
    what is said of where the changes come from."""
    before = current_actor()
    set_actor(owner)
    begin_change(db.session)
    try:
        with (
            tenant_context(TenantContext(client_id=client_id, user_id=owner.id)),
            using_audit_context(via=VIA, **source),
            being_here(owner.id, owner.timezone),
        ):
            yield
            db.session.flush()
    finally:
        set_actor(before)
        begin_change(db.session)


def _lacking(message: str) -> StepFailed:
    return StepFailed(message, again=False, code="owner-lacks-rights")
