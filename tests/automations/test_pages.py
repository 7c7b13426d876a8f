"""The lists of automations, runs and secrets, for staff and for companies."""

import re
from datetime import date
from typing import Any

import pytest

from app.automations.models import Month, Secret
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now
from app.extensions import db
from tests.factories import make_user
from tests.factories.automations import make_automation, make_run

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def theirs(sign_in, app) -> Any:
    """An automation with a run and a secret, and a browser of somebody of its company."""
    automation = make_automation(name="Invoice intake")
    make_run(automation)
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(Secret(client_id=automation.client_id, name="SHOP_TOKEN", value="hush-hush"))
    db.session.commit()
    automation.browser = sign_in(app.test_client(), make_user(role="client", client_id=automation.client_id))
    return automation


LISTS = {"": "Invoice intake", "/runs": "Invoice intake", "/secrets": "SHOP_TOKEN"}


@pytest.mark.parametrize("path", LISTS)
def test_staff_see_all_and_a_company_its_own(theirs, path: str, as_manager: Any, as_client: Any) -> None:
    assert LISTS[path] in as_manager.get(f"/admin/automations{path}").text
    own = theirs.browser.get(f"/dashboard/automations{path}")
    assert own.status_code == 200
    assert LISTS[path] in own.text
    assert LISTS[path] not in as_client.get(f"/dashboard/automations{path}").text


def test_experts_have_none_of_it(as_expert: Any, theirs) -> None:
    assert as_expert.get("/dashboard/automations").status_code == 403
    assert as_expert.get("/dashboard/automations/runs").status_code == 403


def test_a_run_made_a_moment_ago_is_on_the_list(theirs, as_manager: Any) -> None:
    before = as_manager.get("/admin/automations/runs").text.count("Invoice intake")
    make_run(theirs)
    assert as_manager.get("/admin/automations/runs").text.count("Invoice intake") == before + 1


def test_the_list_of_runs_leads_to_a_run_below_its_automation(theirs, as_manager: Any, as_client: Any) -> None:
    run = make_run(theirs)
    leads = as_manager.get(f"/admin/automations/runs/{run.id}")
    assert leads.status_code == 303
    assert leads.location == f"/admin/automations/{theirs.id}/runs/{run.id}"
    own = theirs.browser.get(f"/dashboard/automations/runs/{run.id}")
    assert own.location == f"/dashboard/automations/{theirs.id}/runs/{run.id}"
    assert as_client.get(f"/dashboard/automations/runs/{run.id}").status_code == 404


def test_a_secret_is_added_on_a_page_and_its_value_never_shown(theirs) -> None:
    answer = theirs.browser.post(
        "/dashboard/automations/secrets/new", data={"name": "MAIL_KEY", "value": "s3cr3t-value"}
    )
    assert answer.status_code == 303
    secret = db.session.query(Secret).filter_by(name="MAIL_KEY").one()
    assert secret.client_id == theirs.client_id
    assert secret.value == "s3cr3t-value"
    for path in ("", f"/{secret.id}", f"/{secret.id}/history"):
        assert "s3cr3t-value" not in theirs.browser.get(f"/dashboard/automations/secrets{path}").text


def test_a_run_is_cancelled_from_a_page(theirs) -> None:
    run = make_run(theirs)
    assert theirs.browser.post(f"/dashboard/automations/runs/{run.id}/cancel").status_code == 303
    db.session.refresh(run)
    assert run.status == "cancelled"


def row_of(page: str, name: str) -> list[str]:
    """The texts of the cells of the row that is called so."""
    row = next(part for part in page.split("<tr")[1:] if name in part)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]


def test_the_list_says_when_each_ran_last_and_how_often_it_succeeded(theirs) -> None:
    """And says it anew when another run has ended, though nothing of the automation itself has changed."""
    assert "Any trigger" in theirs.browser.get("/dashboard/automations").text
    for succeeded, failed, says in ((3, 1, "75 %"), (3, 3, "50 %")):
        db.session.merge(
            Month(
                automation_id=theirs.id, client_id=theirs.client_id, month=date(2026, 11, 1), runs=succeeded + failed,
                succeeded=succeeded, failed=failed, cancelled=0, minutes_saved=0, seconds=1, last_run_at=now(),
            )
        )  # fmt: skip
        db.session.commit()
        cells = row_of(theirs.browser.get("/dashboard/automations").text, "Invoice intake")
        assert says in cells
        assert any("now" in cell or "ago" in cell or "2026" in cell for cell in cells[3:4]), cells


def test_the_pages_lead_to_what_could_be_automated(theirs, as_manager: Any) -> None:
    assert 'href="/dashboard/automations/analyses"' in theirs.browser.get("/dashboard/automations").text
    assert 'href="/dashboard/automations/analyses/new"' in theirs.browser.get("/dashboard/automations/new").text
    back = theirs.browser.get("/dashboard/automations/analyses")
    assert 'href="/dashboard/automations/runs"' in back.text
    assert 'href="/admin/automations/queue"' in as_manager.get("/admin/automations/analyses").text


def test_filters_are_called_by_nouns(theirs) -> None:
    """A filter that is not set reads "Any" and its label."""
    assert "Any source" in theirs.browser.get("/dashboard/automations/analyses").text
    assert "Any run<" in theirs.browser.get("/dashboard/automations/runs").text
