"""Earned value, against a calculation of its own, and what is said where nothing can be divided."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.projects.money.alerts import reached
from app.projects.money.burndown import MOST_POINTS, Cost, burn_of
from app.projects.money.earned_value import Figures, Plan, Work, figures_of, values_of

START, END = date(2027, 1, 4), date(2027, 4, 30)
TODAY = date(2027, 2, 28)


def plan(*works: Work, **more: Any) -> Plan:
    values = {"budget": Decimal(50_000), "agreed_budget": Decimal(50_000), "start": START, "end": END}
    return Plan(**{**values, "spent": Decimal(0), "waiting": Decimal(0), "works": works, **more})


def work(budget: int | None = None, due: date = END, **more: Any) -> Work:
    return Work(budget=None if budget is None else Decimal(budget), due=due, **more)


def test_the_example_of_the_documentation():
    found = figures_of(
        plan(
            work(10_000, date(2027, 1, 29), approved_on=date(2027, 1, 28)),
            work(10_000, date(2027, 2, 26), approved_on=date(2027, 3, 5)),
            work(6_000, date(2027, 3, 31), approved_on=date(2027, 2, 20)),
            work(24_000),
            spent=Decimal(12_000),
        ),
        TODAY,
    )
    assert (found.budget_at_completion, found.planned_value, found.earned_value) == (50_000, 20_000, 16_000)
    assert (found.cost_performance, found.schedule_performance) == (Decimal("1.3333"), Decimal("0.8000"))
    assert (found.estimate_at_completion, found.variance_at_completion) == (37_500, 12_500)
    # 117 planned days / 0.8 = 146.25, so 147 days from the first on.
    assert found.forecast_end == START + timedelta(days=146)
    assert (found.used, found.notes) == (Decimal("0.2400"), ())


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    amounts = st.decimals(0, 100_000, places=2, allow_nan=False)
    days = st.dates(START - timedelta(days=20), END + timedelta(days=60))
    works = draw(
        st.lists(
            st.builds(
                Work,
                budget=st.none() | amounts,
                estimate_hours=st.none() | st.decimals(0, 500, places=2, allow_nan=False),
                due=st.none() | days,
                approved_on=st.none() | days,
                is_cancelled=st.booleans(),
                rate=st.none() | st.decimals(0, 200, places=2, allow_nan=False),
                logged_hours=st.decimals(0, 500, places=2, allow_nan=False),
            ),
            max_size=12,
        )
    )
    agreed = draw(st.none() | amounts)
    return plan(
        *works, budget=agreed, agreed_budget=agreed, spent=draw(amounts), waiting=draw(amounts),
        completed_on=draw(st.none() | st.none() | days),
    )  # fmt: skip


def reference(of: Plan, on: date) -> dict[str, Any]:
    """The same worked out in fractions, straight from the definitions."""
    live = [one for one in of.works if not one.is_cancelled]
    fixed = sum((Fraction(one.budget) for one in live if one.budget is not None), Fraction(0))
    rest = max(Fraction(of.agreed_budget or 0) - fixed, Fraction(0))
    shared = [one for one in live if one.budget is None]
    known = [Fraction(one.estimate_hours) for one in shared if one.estimate_hours is not None]
    usual = sum(known, Fraction(0)) / len(known) if known else Fraction(1)
    weights = {id(one): usual if one.estimate_hours is None else Fraction(one.estimate_hours) for one in shared}
    if not any(weights.values()):
        weights = dict.fromkeys(weights, Fraction(1))
    whole = sum(weights.values(), Fraction(0))
    value = {id(one): Fraction(one.budget) for one in live if one.budget is not None}
    value |= {key: rest * weight / whole for key, weight in weights.items()}
    left = sum(
        max(Fraction(one.estimate_hours or 0) - Fraction(one.logged_hours), Fraction(0)) * Fraction(one.rate)
        for one in live
        if one.approved_on is None and one.rate is not None
    )
    return {
        "total": sum(value.values(), Fraction(0)),
        "planned": sum((value[id(one)] for one in live if (one.due or END) <= on), Fraction(0)),
        "earned": sum((value[id(one)] for one in live if one.approved_on and one.approved_on <= on), Fraction(0)),
        "committed": Fraction(of.waiting) + left,
    }


@given(plans(), st.dates(START, END + timedelta(days=90)))
def test_figures_equal_a_reference_on_random_plans(of: Plan, on: date):
    found, expected = figures_of(of, on), reference(of, on)
    assert abs(Fraction(found.committed) - expected["committed"]) <= Fraction(1, 100)
    live = [one for one in of.works if not one.is_cancelled]
    if found.budget_at_completion is None or not live:
        return
    # Each of the values is in cents.
    slack = Fraction(len(live), 100)
    for name, attribute in (
        ("total", "budget_at_completion"),
        ("planned", "planned_value"),
        ("earned", "earned_value"),
    ):
        assert abs(Fraction(getattr(found, attribute)) - expected[name]) <= slack
    check_indices(of, found)


def check_indices(of: Plan, found: Figures) -> None:
    """The indices and forecasts follow from the figures that are shown."""
    spent, planned, earned, total = map(
        Fraction, (of.spent, found.planned_value, found.earned_value, found.budget_at_completion)
    )
    half = Fraction(1, 20_000)
    assert (found.cost_performance is None) == (spent == 0)
    assert (found.schedule_performance is None) == (planned == 0)
    if spent:
        assert abs(Fraction(found.cost_performance) - earned / spent) <= half
    if planned:
        assert abs(Fraction(found.schedule_performance) - earned / planned) <= half
    if of.completed_on is None and spent and earned:
        expected = spent + (total - earned) / (earned / spent)
        assert abs(Fraction(found.estimate_at_completion) - expected) <= Fraction(1, 100)


@given(plans())
def test_the_values_of_the_deliverables_add_up_to_the_whole(of: Plan):
    values, live = values_of(of), [one for one in of.works if not one.is_cancelled]
    fixed = sum((one.budget for one in live if one.budget is not None), Decimal(0))
    if any(one.budget is None for one in live):
        assert sum(values) == max(of.agreed_budget or Decimal(0), fixed)
    else:
        assert sum(values) == fixed


def test_what_can_not_be_divided_is_defined():
    works = (work(30_000, date(2027, 1, 31)), work(20_000))
    fresh = figures_of(plan(*works), START)
    assert (fresh.cost_performance, fresh.schedule_performance) == (None, None)
    assert (fresh.estimate_at_completion, fresh.forecast_end) == (Decimal(50_000), END)
    stuck = figures_of(plan(*works, spent=Decimal(4_000)), TODAY)
    assert (stuck.cost_performance, stuck.schedule_performance) == (0, 0)
    assert (stuck.estimate_at_completion, stuck.forecast_end) == (Decimal(54_000), None)
    assert "no pace" in " ".join(stuck.notes)


def test_a_project_without_a_budget_or_without_deliverables_says_so():
    poor = figures_of(plan(work(), budget=None, agreed_budget=None, spent=Decimal(10)), TODAY)
    assert (poor.budget_at_completion, poor.used, poor.estimate_at_completion, poor.available) == (None,) * 4
    bare = figures_of(plan(spent=Decimal(10)), TODAY)
    assert (bare.earned_value, bare.estimate_at_completion) == (None, None)
    assert "Without deliverables" in bare.notes[0]
    done = figures_of(plan(spent=Decimal(10), completed_on=TODAY), TODAY)
    assert (done.earned_value, done.estimate_at_completion, done.forecast_end) == (50_000, 10, TODAY)


def test_the_forecast_is_never_past_while_anything_is_open_nor_centuries_away():
    late = figures_of(plan(work(1, START, approved_on=START), work(1), spent=Decimal(1)), END + timedelta(days=40))
    assert late.forecast_end >= END + timedelta(days=40)
    slow = (work(1, START, approved_on=START), work(1_000_000, START))
    assert figures_of(plan(*slow, spent=Decimal(1)), TODAY).forecast_end is None
    ready = figures_of(plan(work(1, START, approved_on=TODAY)), END)
    assert ready.forecast_end == TODAY


@given(plans(), st.dates(START, END + timedelta(days=400)), st.data())
def test_the_burn_chart_ends_in_todays_figures(of: Plan, on: date, data: st.DataObject):
    costs = data.draw(st.lists(st.builds(Cost, st.dates(START, on), st.decimals(0, 1000, places=2)), max_size=20))
    points = burn_of(of, costs, on)
    assert 0 < len(points) <= MOST_POINTS
    days = [point.on for point in points]
    assert days == sorted(set(days))
    assert END in days
    told = [point for point in points if point.spent is not None]
    assert [point.spent for point in told] == sorted(point.spent for point in told)
    if of.completed_on is None and on >= START:
        assert told[-1].on == on
        assert told[-1].spent == sum(cost.amount for cost in costs)


@pytest.mark.parametrize(
    ("spent", "budget", "expected"),
    [
        ("0", "1000", []),
        ("499.99", "1000", []),
        ("500", "1000", [50]),
        ("800", "1000", [50, 80]),
        ("999.99", "1000", [50, 80]),
        ("1000", "1000", [50, 80, 100]),
        ("5000", "1000", [50, 80, 100]),
        ("0", "0", []),
        ("0.01", "0", [50, 80, 100]),
        ("5000", None, []),
    ],
)
def test_thresholds_are_reached_exactly(spent, budget, expected):
    assert reached(Decimal(spent), None if budget is None else Decimal(budget)) == expected
