"""For which company somebody acts."""

from typing import Any
from uuid import UUID

from app.core.errors import Invalid, NotFound
from app.core.ids import new_id
from app.extensions import db
from app.identity.identities import Identity
from app.identity.models import Client
from app.identity.policy import is_staff

NO_SUCH = "There is no such company."


class CompanyMissing(Invalid):
    """Staff act for a company, and haven't said for which."""

    at, wrong = "/client_id", "missing"
    says = "Say for which company, with its id."


def own_rows(person: Identity) -> dict[str, Any]:
    """What narrows a list to the rows of the person's company (`Kind.visible_to`): all for staff, else those of one
    company, and none for who has none."""
    return {} if is_staff(person) else {"client_id": person.client_id or new_id()}


def company_for(person: Identity, client_id: UUID | None) -> UUID:
    """The company that the person acts for: their own, or for staff the one that is named.

    Raises NotFound for a company that isn't there or isn't the person's own, CompanyMissing where staff name none.
    """
    if not is_staff(person):
        if person.client_id is None or client_id not in (None, person.client_id):
            raise NotFound(NO_SUCH)
        return person.client_id
    if client_id is None:
        raise CompanyMissing
    if db.session.get(Client, client_id) is None:
        raise NotFound(NO_SUCH)
    return client_id
