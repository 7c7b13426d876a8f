"""The page of a run while it goes on: it changes by itself, and leaves alone what the reader does."""

import pytest
from sqlalchemy import select

from app import create_app
from app.automations.models import Run
from app.automations.runs.operations import cancel_run
from app.core.audit import SYSTEM
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from tests.automations.running import drain
from tests.conftest import settings_for
from tests.factories.automations import make_automation, make_run

pytestmark = pytest.mark.browser
STEPS = [
    {"id": "first", "type": "transform", "with": {"n": "1"}},
    {"id": "ask", "type": "approval", "with": {"ask": "Pay it?"}, "needs": ["first"]},
]


@pytest.fixture
def app(live):
    app = create_app(settings_for(live.database_url))
    with app.app_context(), as_system("the test makes runs"):
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_run_is_live_until_its_end_and_what_is_open_stays_open(app, open_window):
    company = db.session.scalars(select(User).where(User.username == "client")).one().client
    run = make_run(make_automation(STEPS, client=company))
    drain()
    page = open_window("client")
    page.goto(f"/dashboard/automations/{run.automation_id}/runs/{run.id}")
    page.locator("#step-first > summary").press("Enter")
    page.locator("textarea[name=comment]").fill("Half a sentence")
    for _ in range(2):
        page.wait_for_event("response", lambda answer: str(run.id) in answer.url)
    assert page.locator("#step-first").get_attribute("open") is not None
    assert page.locator("textarea[name=comment]").input_value() == "Half a sentence"
    cancel_run(db.session.get_one(Run, run.id, with_for_update=True, populate_existing=True), actor=SYSTEM)
    db.session.commit()
    page.wait_for_selector("#run:not([hx-trigger])")
    assert "Cancelled" in page.locator(".run-state").inner_text()
    assert page.locator("#step-first").get_attribute("open") is not None
