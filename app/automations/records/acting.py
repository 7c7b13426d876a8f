"""By whose rights a run uses records: those of its company, and of the automation's owner as they are now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast
from uuid import UUID

from app.automations import owners
from app.automations.effects import StepFailed
from app.automations.models import Run
from app.core.audit import begin_change, current_actor, set_actor, using_audit_context
from app.core.clock import being_here
from app.core.tenancy import TenantContext, tenant_context
from app.extensions import db
from app.identity.identities import Identity
from app.identity.policy import can

T = TypeVar("T")
VIA = owners.VIA
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
    """By whose rights the version of the run acts (`owners.py`); of a draft that is only tried, who tries it. Raises
    `StepFailed` where there is nobody, or nobody who may do anything for the company."""
    return once(("owner", run.automation_id, run.version_number, run.actor_id, run.client_id), lambda: _find_owner(run))


def _find_owner(run: Run) -> Identity:
    is_draft = run.automation_id is None
    try:
        if is_draft:
            return owners.acting_person(run.actor_id, run.client_id)
        return owners.acting(run.automation_id, run.version_number, run.client_id)
    except owners.NobodyActs as error:
        raise _lacking(str(error)) from None


def require(owner: Identity, permission: str, what: str) -> None:
    """Raises `StepFailed` if the owner may not do it."""
    if not can(owner, permission):
        which = "who" if owner.id is not None else "which"
        raise _lacking(f"{owner.username}, {which} owns this automation, may not {what} ({permission}).")


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
