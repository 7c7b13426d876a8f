"""Two companies that turned out to be one: what their automations are made of goes along, and comes back."""

from typing import Any

import pytest
from sqlalchemy import select

from app.auth.people import merge_operations
from app.auth.people.errors import CannotMerge
from app.automations.models import Automation, Month, Run, RunStep, Secret, Version, Work
from app.automations.tables.models import DataRow, DataTable
from app.core.outbox import OutgoingMessage
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from tests.automations.running import drain, statuses
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automated import add_automations
from tests.factories.automations import make_run, make_secret
from tests.factories.data_tables import make_data_table

pytestmark = pytest.mark.usefixtures("db_session")
OF_COMPANIES = (Automation, Version, Run, RunStep, Month, Work, Secret, DataTable, DataRow, OutgoingMessage)


def companies_of(model: Any) -> set[Any]:
    return set(db.session.scalars(select(model.client_id)))


@pytest.fixture
def theirs() -> Client:
    """A company with something of everything, one run of which still waits."""
    company = make_client_company(name="Nordwind")
    people = {role: make_user(role=role) for role in ("admin", "manager")}
    add_automations(company, {**people, "client": make_user(role="client", client_id=company.id)})
    return company


def test_all_of_automations_goes_along_and_comes_back(theirs: Client) -> None:
    admin, other = make_user(role="admin"), make_client_company(name="Nordwind GmbH")
    intake = db.session.scalars(select(Automation).where(Automation.name == "Invoice intake")).one()
    waiting = make_run(intake, input={"amount": "3"})
    counts = {model: len(db.session.scalars(select(model.client_id)).all()) for model in OF_COMPANIES}
    theirs_id, other_id = theirs.id, other.id

    merge_operations.merge_companies(theirs_id, other_id, actor=admin)
    db.session.commit()

    assert {model.__tablename__: companies_of(model) for model in OF_COMPANIES} == {
        model.__tablename__: {other_id} if counts[model] else set() for model in OF_COMPANIES
    }
    with as_system("a test of the runner"):
        drain()
    assert statuses(waiting) in ("succeeded", "waiting")

    merge_operations.take_apart(db.session.get_one(Client, theirs_id), actor=admin)
    db.session.commit()
    assert all(companies_of(model) <= {theirs_id} for model in OF_COMPANIES)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("secret", "secrets of which there can be one only (SHOP_KEY)"),
        ("table", "data tables of which there can be one only (supplier-invoices)"),
    ],
)
def test_equal_names_are_refused_by_what_they_are(theirs: Client, what: str, told: str) -> None:
    other = make_client_company(name="Nordwind GmbH")
    if what == "secret":
        make_secret(other, "SHOP_KEY")
    else:
        make_data_table(other, {}, name="supplier-invoices")

    with pytest.raises(CannotMerge) as refused:
        merge_operations.merge_companies(theirs.id, other.id, actor=make_user(role="admin"))

    assert refused.value.message == f"Both have {told}. Take those of one away first."
