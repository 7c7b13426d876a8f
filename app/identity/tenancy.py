"""Whose rows a request may see: nobody's until it is known who asks."""

from flask import Flask, request

from app.core import audit, clock
from app.core.addresses import under_api
from app.core.tenancy import NOBODY, SYSTEM, TenantContext, current_tenant, set_tenant
from app.identity import policy
from app.identity.identities import Identity

_KEPT = "diglit.tenant_before"


def tenant_of(person: Identity) -> TenantContext:
    """Staff see every company's rows, a client's people and programs their company's, everybody their own."""
    if person.impersonator is None and policy.is_staff(person):
        return SYSTEM
    return TenantContext(client_id=person.client_id, user_id=person.id)


def set_tenant_of(person: Identity) -> None:
    """From here on the request is that person's: what it sees, unless that is settled already, whom its jobs are for,
    and what day it is."""
    audit.set_actor(person)
    clock.be_here(person.id, person.timezone or _browsers_zone())
    if current_tenant() == NOBODY:
        set_tenant(tenant_of(person))


def _browsers_zone() -> str | None:
    """What a page's script told of the browser; programs send no cookies that count."""
    return None if under_api(request.path) else request.cookies.get("tz")


def init_app(app: Flask) -> None:
    """Begin every request as nobody. Comes before whatever may ask the database in a request."""
    app.before_request(_begin)
    app.teardown_request(_leave)


def _begin() -> None:
    request.environ[_KEPT] = current_tenant()
    audit.set_actor(audit.SYSTEM)
    clock.be_here()
    set_tenant(NOBODY)


def _leave(_error: BaseException | None) -> None:
    audit.set_actor(audit.SYSTEM)
    clock.be_here()
    before: TenantContext | None = request.environ.pop(_KEPT, None)
    if before is not None:
        set_tenant(before)
