"""Finding automations for the people whose they are."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from app.automations.models import Automation, Secret, Version
from app.automations.tables.models import DataTable
from app.core.errors import NotFound
from app.extensions import db
from app.identity.companies import own_rows
from app.identity.identities import Identity
from app.identity.models import Client

MOST_COMPANIES = 500


def get_automation(automation_id: UUID, person: Identity, *, lock: bool = False) -> Automation:
    """An automation that isn't archived, as far as the person may see it. Raises `NotFound`."""
    query = select(Automation).where(Automation.id == automation_id, Automation.archived_at.is_(None))
    query = query.filter_by(**own_rows(person))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("Automation not found.")
    return found


def companies() -> list[tuple[UUID, str]]:
    """The active companies, for staff to choose one of."""
    query = select(Client.id, Client.name).where(Client.status == "active").order_by(Client.name).limit(MOST_COMPANIES)
    return [(one, name) for one, name in db.session.execute(query)]


def secret_names(client_id: UUID | None) -> set[str]:
    return set(db.session.scalars(select(Secret.name).where(Secret.client_id == client_id)))


def missing_tables(client_id: UUID, names: Iterable[str]) -> list[str]:
    """Those of the data tables that the company hasn't got."""
    wanted = list(names)
    query = select(DataTable.name).where(DataTable.client_id == client_id, DataTable.name.in_(wanted))
    there = set(db.session.scalars(query))
    return [name for name in wanted if name not in there]


def versions_of(automation: Automation, *, before: int | None = None, limit: int = 50) -> list[Version]:
    """Its versions, the newest first; those before a number."""
    query = select(Version).where(Version.automation_id == automation.id)
    if before is not None:
        query = query.where(Version.number < before)
    return list(db.session.scalars(query.order_by(Version.number.desc()).limit(limit)))
