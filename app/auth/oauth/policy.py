"""Who may manage applications, and what of a request an application may be given."""

from collections.abc import Iterable
from typing import Any

from app.core.permissions import Role
from app.identity import policy
from app.identity.models import Application
from app.identity.scopes import SCOPES, in_order


def may_manage(person: Any, application: Application) -> bool:
    """An administrator manages every application, an owner those of their company."""
    if policy.is_admin(person):
        return True
    return bool(person.is_owner and person.client_id is not None and application.client_id == person.client_id)


def scopes_for(person: Any, asked: Iterable[str]) -> list[str]:
    """What of `asked` the person may do at all, and so may let an application do."""
    return in_order(set(asked) & policy.permissions_of(person))


def scopes_to_offer(person: Any) -> list[str]:
    """What an application of the person's may be given: an administrator registers for any company."""
    return in_order(SCOPES if policy.is_admin(person) else policy.permissions_of_role(Role.CLIENT))


def scopes_for_company(asked: Iterable[str]) -> list[str]:
    """What of `asked` a company's people may do at all, and so an application that acts for the company."""
    return in_order(set(asked) & policy.permissions_of_role(Role.CLIENT))
