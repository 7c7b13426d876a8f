"""Hours by week: worked out by hand here."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.assistants.calendar import Week, weeks_of
from tests.factories.assistants import make_assistant

MONDAY = date(2026, 11, 30)


def test_a_week_without_anything_is_all_free(client: Any) -> None:
    ana = make_assistant(weekly_hours=30)

    weeks = weeks_of([ana.id], MONDAY, 2)[ana.id]

    assert weeks[0] == Week(MONDAY, Decimal(30), Decimal(0), Decimal(0), Decimal(30))
    assert weeks[1].monday == MONDAY + timedelta(days=7)
