"""The tenant context: which company's rows the current work may see.

Without one, no company's rows are visible: to a new process, a thread, or a request until it is known who asks. A
request then gets the context of whoever asks, a job that of whoever enqueued it. Code that must look across companies
says so, and why:

    with as_system("a sign-in by name comes before the account is known"):
        user = queries.find_user(name)

`core/rls.py` passes the context to the database; `flask --app wsgi system-contexts` lists the reasons.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True)
class TenantContext:
    """Whose rows are visible: everybody's, or those of one company and one user."""

    sees_all: bool = False
    client_id: UUID | None = None
    user_id: UUID | None = None
    caller: "TenantContext | None" = field(default=None, compare=False, repr=False)
    """Inside `as_system`: the context around it."""

    @property
    def on_behalf_of(self) -> "TenantContext":
        """The context that jobs enqueued by this work get: that of whoever it is done for, even inside `as_system`."""
        return self.caller or self

    def to_json(self) -> dict[str, Any]:
        ids = {"client_id": self.client_id, "user_id": self.user_id}
        return {"sees_all": True} if self.sees_all else {name: str(value) for name, value in ids.items() if value}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        company, user = (UUID(kept[name]) if name in kept else None for name in ("client_id", "user_id"))
        return cls(kept.get("sees_all", False), company, user)


SYSTEM = TenantContext(sees_all=True)
NOBODY = TenantContext()

_tenant: ContextVar[TenantContext] = ContextVar("tenant", default=NOBODY)

current_tenant = _tenant.get


def set_tenant(tenant: TenantContext) -> None:
    """From here on, to the end of the request, rows of this tenant are visible."""
    _tenant.set(tenant)


@contextmanager
def tenant_context(tenant: TenantContext) -> Iterator[None]:
    """Inside this block, rows of this tenant are visible."""
    before = current_tenant()
    set_tenant(tenant)
    try:
        yield
    finally:
        set_tenant(before)


@contextmanager
def as_system(reason: str) -> Iterator[None]:
    """Inside this block, rows of all companies are visible. The caller is responsible for what it reveals."""
    with tenant_context(_system()):
        yield


def become_system(reason: str) -> None:
    """From here on, to the end of the request, rows of all companies are visible."""
    set_tenant(_system())


def _system() -> TenantContext:
    return TenantContext(sees_all=True, caller=current_tenant().on_behalf_of)
