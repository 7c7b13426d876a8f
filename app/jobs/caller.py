"""Who caused a job, by which request, and on whose behalf: what travels with the job into the worker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from app.core import audit
from app.core.audit import Actor, NamedActor
from app.core.tenancy import NOBODY, TenantContext, current_tenant, tenant_context


@dataclass(frozen=True)
class Caller:
    """`acting_as` is the person through whose eyes the actor, a member of staff, was seeing the portal."""

    tenant: TenantContext = NOBODY
    actor: Actor = audit.SYSTEM
    request_id: str | None = None
    acting_as: Actor | None = None
    caused_by: UUID | None = None
    """The run of an automation that led to it."""

    @classmethod
    def present(cls) -> Self:
        """Whoever does the present work."""
        source = audit.audit_context()
        acting_as = None
        if source.acting_as_name is not None:
            acting_as = NamedActor(source.acting_as_name, source.acting_as_id)
        actor = source.impersonator or audit.current_actor()
        return cls(current_tenant().on_behalf_of, actor, source.request_id, acting_as, source.caused_by)

    def to_json(self) -> dict[str, Any]:
        kept: dict[str, Any] = {"tenant": self.tenant.to_json(), "actor": _kept(self.actor)}
        if self.request_id:
            kept["request_id"] = self.request_id
        if self.acting_as is not None:
            kept["acting_as"] = _kept(self.acting_as)
        if self.caused_by is not None:
            kept["caused_by"] = str(self.caused_by)
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        return cls(
            TenantContext.from_json(kept.get("tenant", {})),
            _found(kept["actor"]) if "actor" in kept else audit.SYSTEM,
            kept.get("request_id"),
            _found(kept["acting_as"]) if "acting_as" in kept else None,
            UUID(kept["caused_by"]) if "caused_by" in kept else None,
        )

    @contextmanager
    def resumed(self) -> Iterator[None]:
        """Inside this block, work is the caller's again."""
        seen_as: dict[str, Any] = {}
        if self.acting_as is not None:
            names = {"acting_as_id": self.acting_as.id, "acting_as_name": self.acting_as.username}
            seen_as = {**names, "impersonator": self.actor}
        before = audit.current_actor()
        audit.set_actor(self.actor)
        try:
            with (
                tenant_context(self.tenant),
                audit.using_audit_context(via="job", request_id=self.request_id, caused_by=self.caused_by, **seen_as),
            ):
                yield
        finally:
            audit.set_actor(before)


def _kept(actor: Actor) -> dict[str, Any]:
    return {"name": actor.username} | ({} if actor.id is None else {"id": str(actor.id)})


def _found(kept: Mapping[str, Any]) -> Actor:
    return NamedActor(kept["name"], UUID(kept["id"]) if "id" in kept else None)
