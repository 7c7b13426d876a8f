"""An automation with many runs is shown at the cost of one with few."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.automations.editor.overview import Overview
from app.automations.models import Run
from app.automations.monitoring.failures import failure
from app.automations.queries import _last_runs_of
from app.automations.runs.failing import has_failed_within
from app.automations.triggers.loops import stopped_run
from app.core.ids import new_id
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


_FAIL = text("""
    update automation_runs set status = 'failed', finished_at = now() - interval '2 hours', fingerprint = 'f00'
     where automation_id = :automation and status = 'queued'
""")


def test_a_failure_costs_the_same_however_many_runs_there_are() -> None:
    """Whether it is to be told, whether a loop was stopped, and what there is of its kind."""
    automation = make_automation()
    run = Run(id=new_id(), client_id=automation.client_id, automation_id=automation.id)

    def look() -> None:
        assert not has_failed_within(timedelta(hours=1), run, "f00")
        assert has_failed_within(timedelta(hours=3), run, "f00")
        assert stopped_run(automation) is None

    def add(many: int) -> None:
        fill(automation, many)
        db.session.execute(_FAIL, {"automation": automation.id})
        fill(automation, 20 * many)
        db.session.execute(text("analyze automation_runs"))

    add(100)
    few = pages_read(look, "automation_runs")
    add(2_000)

    assert pages_read(look, "automation_runs") < 2 * few + 50, few
    assert failure(automation.client_id, "f00").count == 100 + 20 * 100 + 2_000
