"""What automations saved: each figure is the number of the runs that its link lists, exactly."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session

from app.automations.models import Automation
from app.automations.monitoring import savings
from app.automations.monitoring.chart import draw_months
from app.automations.monitoring.run_list import RUNS
from app.automations.runs.operations import cancel_run
from app.core.audit import SYSTEM
from app.core.clock import frozen, now
from app.core.lists import exact_count, query_schema
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain
from tests.factories.automations import make_automation, make_run

SIGNS = {"id": "sum", "type": "transform", "with": {"n": "{{ number(trigger.text) }}"}}
ASKS = {"id": "ask", "type": "approval", "with": {"ask": "Really?"}, "if": "trigger.text == 'ask'"}


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("tests drive the runner"):
        yield


def automation(**values: Any) -> Automation:
    return make_automation([SIGNS | {"if": "trigger.text != 'ask'"}, ASKS], **values)


def run_all(of: Automation, *texts: str, **values: Any) -> None:
    for text in texts:
        run = make_run(of, input={"text": text}, **values)
        drain()
        if text == "ask":
            cancel_run(db.session.merge(run), actor=SYSTEM)
            db.session.commit()


def test_figures_add_up_to_the_runs_that_they_count() -> None:
    first = automation(minutes_saved=Decimal(15), promised_hours=Decimal(2))
    second = automation(minutes_saved=Decimal("7.5"), client=first.client)
    run_all(first, "1", "2", "no number", "ask", "3")
    run_all(first, "4", dry_run=True)
    run_all(second, "1", "x")
    month = savings.months_back(1)[0]
    (figures,) = savings.by_month(client_id=first.client_id, months=[month])
    for name, status in (("runs", None), ("succeeded", "succeeded"), ("failed", "failed"), ("cancelled", "cancelled")):
        asked = query_schema(RUNS)(client_id=first.client_id, month=figures.key, status=status)
        assert getattr(figures.figures, name) == exact_count(db.session, RUNS, asked), name
    shares = savings.by_automation(month, first.client_id)
    assert [(one.name, one.figures.runs) for one in shares] == [(first.name, 5), (second.name, 2)]
    assert savings.total([one.figures for one in shares]).minutes_saved == figures.figures.minutes_saved
    assert figures.figures.minutes_saved == 3 * 15 + Decimal("7.5")
    assert figures.figures.minutes_lost == 15 + Decimal("7.5")
    assert figures.figures.promised_hours == 2
    assert figures.figures.kept == (Decimal("52.5") / 60) / 2


def test_what_was_counted_stays_when_a_run_saves_more_from_now_on() -> None:
    one = automation(minutes_saved=Decimal(10))
    run_all(one, "1")
    one = db.session.merge(one)
    one.minutes_saved = Decimal(60)
    run_all(one, "2")
    (figures,) = savings.by_month(automation=one, months=savings.months_back(1))
    assert figures.figures.minutes_saved == 70


def test_months_without_runs_are_there_too() -> None:
    assert savings.months_back(3, datetime(2026, 1, 31, tzinfo=UTC).date()) == [
        datetime(2025, 11, 1).date(), datetime(2025, 12, 1).date(), datetime(2026, 1, 1).date(),
    ]  # fmt: skip
    months = savings.by_month(automation=automation(), months=savings.months_back())
    assert [one.figures.runs for one in months] == [0] * 12


def test_nothing_is_promised_before_an_automation_is_there() -> None:
    one = automation(promised_hours=Decimal(8))
    months = savings.by_month(automation=one, months=savings.months_back(3))
    assert [month.figures.promised_hours for month in months] == [None, None, 8]
    assert savings.total([month.figures for month in months]).promised_hours == 8


def test_the_page_links_each_figure_to_its_runs(as_manager: FlaskClient) -> None:
    one = automation(minutes_saved=Decimal(30), promised_hours=Decimal(1))
    run_all(one, "1", "2", "x")
    page = as_manager.get(f"/admin/automations/{one.id}/savings?hourly_cost=35.00&currency=EUR").text
    assert "€35.00" in page
    key = f"{now():%Y-%m}"
    for status, count in (("", 3), ("&amp;status=succeeded", 2), ("&amp;status=failed", 1)):
        link = re.search(rf'href="([^"]*runs\?month={key}{status})">(\d+)</a>', page)
        assert link
        assert int(link[2]) == count
        assert f"{count} run" in as_manager.get(link[1].replace("&amp;", "&")).text


def test_a_wrong_cost_is_told_and_a_wrong_month_is_the_present_one(as_manager: FlaskClient) -> None:
    page = as_manager.get("/admin/automations/savings?hourly_cost=much&month=1999-01&currency=XXX")
    assert page.status_code == 200
    assert "Enter an amount" in page.text


def test_a_month_ends_at_midnight_by_utc() -> None:
    one = automation(minutes_saved=Decimal(1))
    with frozen(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)):
        run_all(one, "1")
    with frozen(datetime(2026, 11, 1, tzinfo=UTC)):
        run_all(one, "2")
    months = savings.by_month(automation=one, months=[datetime(2026, month, 1).date() for month in (10, 11)])
    assert [month.figures.runs for month in months] == [1, 1]


def test_bars_stand_on_the_ground_and_below_the_top() -> None:
    months = [
        savings.MonthOf(month, savings.Figures(minutes_saved=Decimal(60) * at))
        for at, month in enumerate(savings.months_back())
    ]
    chart = draw_months(months)
    assert chart.bars[0].height == 0
    assert all(bar.y >= 10 and bar.y + bar.height == pytest.approx(chart.bottom, abs=0.2) for bar in chart.bars)
    assert chart.levels[-1].y <= chart.bars[-1].y
