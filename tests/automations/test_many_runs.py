"""An automation with many runs is shown at the cost of one with few."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.automations.editor.overview import Overview
from app.automations.queries import _last_runs_of
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.test_claims import fill, pages_read
from tests.factories import make_user
from tests.factories.automations import make_automation


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("a test of the runner"):
        yield


def test_the_newest_runs_of_an_automation_cost_the_same_however_many_it_has() -> None:
    automation = make_automation()

    person = make_user(role="manager")

    def look() -> None:
        assert Overview(automation, person).runs
        assert _last_runs_of([automation.id])[automation.id]

    fill(automation, 50)
    few = pages_read(look, "automation_runs")
    fill(automation, 20_000)
    db.session.execute(text("analyze automation_runs"))

    assert pages_read(look, "automation_runs") < 3 * few + 50, few
