"""What language models cost: the sums, the calls behind them, and budgets."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Automation
from app.automations.outbox.budgets import Account, budget_of, reserve, settle, this_month
from app.automations.outbox.models import ModelUsage
from app.core.audit import AuditEntry
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from tests.automations.effects import run_step
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automations import make_automation

ASKS = [{"id": "ask", "type": "language_model", "with": {"prompt": "Which supplier?"}}]


@pytest.fixture(autouse=True)
def _as_the_system(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test"):
        yield


@pytest.fixture
def company() -> Client:
    return make_client_company(name="Brightwater Stores")


@pytest.fixture
def intake(company: Client) -> Automation:
    return make_automation(ASKS, name="Invoice intake", client=company)


def spend(company: Client, cost: str, model: str = "gpt-5-mini", automation: Automation | None = None) -> None:
    account = Account(company.id, this_month(), model, automation.id if automation else None)
    assert reserve(account, Decimal(cost), Decimal(1_000))
    settle(account, Decimal(cost), Decimal(cost), 1_200)
    db.session.commit()


def test_costs_are_broken_down_by_automation_and_model(
    app: Any, sign_in: Any, company: Client, intake: Automation
) -> None:
    spend(company, "2.50", automation=intake)
    spend(company, "2.50", automation=intake)
    spend(company, "0.0042", "gpt-5-nano", intake)
    spend(company, "1.00")
    for browser, at in (
        (sign_in(app.test_client(), make_user("client", client_id=company.id)), "/dashboard"),
        (sign_in(app.test_client(), make_user()), "/admin"),
    ):
        page = browser.get(f"{at}/automations/costs").text
        rows = [re.sub(r"<[^>]*>|\s+", " ", row) for row in page.split("<tr>")]
        [mini] = [row for row in rows if "Invoice intake" in row and "gpt-5-mini" in row]
        assert "2,400" in mini
        assert "$5.00" in mini
        assert "$0.0042" in page
        assert "Analyses" in page
        assert "$6.00" in page  # the month
        link = re.search(r'href="([^"]*/costs/calls[^"]*gpt-5-mini)"', page)
        assert link
        assert browser.get(link[1].replace("&amp;", "&")).status_code == 200


def test_a_figure_leads_to_the_steps_behind_it(app: Any, sign_in: Any) -> None:
    run, _ = run_step("language_model", {"prompt": "Which supplier?"})
    page = sign_in(app.test_client(), make_user()).get(f"/admin/automations/costs/calls?client_id={run.client_id}").text
    assert f'href="/admin/automations/{run.automation_id}/runs/{run.id}#step-' in page
    own = sign_in(app.test_client(), make_user("client", client_id=run.client_id)).get(
        "/dashboard/automations/costs/calls"
    )
    assert f"/runs/{run.id}#step-" in own.text
    other = sign_in(app.test_client(), make_user("client")).get(
        f"/dashboard/automations/costs/calls?client_id={run.client_id}"
    )
    assert str(run.id) not in other.text


def test_staff_set_a_budget_and_take_it_back(app: Any, sign_in: Any, company: Client) -> None:
    usual = budget_of(company.id)
    browser = sign_in(app.test_client(), make_user())
    there = f"/admin/automations/costs/{company.id}/budget"
    assert browser.post(there, data={"amount": "1.250,50"}).status_code == 303
    assert budget_of(company.id) == Decimal("1250.50")
    assert "of $1,250.50" in browser.get(f"/admin/automations/costs?client_id={company.id}").text
    for wrong in ("-1", "much", "1000001"):
        answer = browser.post(there, data={"amount": wrong})
        assert answer.status_code == 422
        assert wrong in answer.text
    assert browser.post(there, data={"amount": ""}).status_code == 303
    assert budget_of(company.id) == usual
    actions = db.session.scalars(select(AuditEntry.table_name).where(AuditEntry.table_name == "model_budgets")).all()
    assert len(actions) == 2


def test_customers_set_no_budget_and_see_their_own_costs_alone(app: Any, sign_in: Any, company: Client) -> None:
    spend(company, "3.21")
    browser = sign_in(app.test_client(), make_user("client"))
    assert "$3.21" not in browser.get(f"/dashboard/automations/costs?client_id={company.id}").text
    assert "Save budget" not in browser.get("/dashboard/automations/costs").text
    assert browser.post(f"/dashboard/automations/costs/{company.id}/budget", data={"amount": "5"}).status_code == 404
    assert browser.post(f"/admin/automations/costs/{company.id}/budget", data={"amount": "5"}).status_code == 403
    assert sign_in(app.test_client(), make_user("expert")).get("/dashboard/automations/costs").status_code == 403


@pytest.mark.parametrize(
    ("cost", "says"), [("7.99", ""), ("8.00", "80 % of the AI budget is used"), ("10", "The AI budget is used up")]
)
def test_a_budget_that_runs_out_is_told_on_the_start_pages(
    app: Any, sign_in: Any, company: Client, cost: str, says: str
) -> None:
    staff = sign_in(app.test_client(), make_user())
    staff.post(f"/admin/automations/costs/{company.id}/budget", data={"amount": "10"})
    spend(company, cost)
    client = sign_in(app.test_client(), make_user("client", client_id=company.id))
    for page in (staff.get("/admin/").text, client.get("/dashboard/").text):
        assert (says or "AI budget is") in page if says else "of the AI budget" not in page
    badge = {"": "", "8": "80 % used", "1": "Budget used up"}["" if not says else says[0] if says[0] == "8" else "1"]
    assert badge in staff.get("/admin/automations/costs").text


def test_the_budget_of_the_company_counts(company: Client, app: Any, sign_in: Any, intake: Automation) -> None:
    sign_in(app.test_client(), make_user()).post(f"/admin/automations/costs/{company.id}/budget", data={"amount": "0"})
    assert not reserve(Account(company.id, this_month(), "m", intake.id), Decimal("0.01"), budget_of(company.id))
    assert db.session.scalar(select(ModelUsage)) is None


def test_the_page_asks_the_same_queries_however_much_was_spent(
    app: Any, sign_in: Any, company: Client, intake: Automation
) -> None:
    browser = sign_in(app.test_client(), make_user())

    def queries() -> int:
        asked: list[str] = []
        note = lambda *given: asked.append(given[2])  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", note)
        assert browser.get("/admin/automations/costs").status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        return len(asked)

    spend(company, "0.10", automation=intake)
    queries()
    few = queries()
    for number in range(10):
        spend(make_client_company(), "0.10", f"model-{number}", make_automation(ASKS))
    assert queries() == few
