"""How a project stands for its money and its time, by earned value management (the formulas are PMI's).

Everything is worked out from a `Plan`, by hand if need be:

    BAC   budget at completion: the values of all deliverables together, or the agreed budget where there are none
    PV    planned value: the values of the deliverables that were due by that day
    EV    earned value: the values of the deliverables that are approved
    AC    actual cost: approved time
    CPI   cost performance index, EV / AC          SPI   schedule performance index, EV / PV
    EAC   estimate at completion, AC + (BAC − EV) / CPI      VAC   variance at completion, BAC − EAC

A deliverable counts wholly or not at all (0/100), in EV when it is approved as in PV when it is due: a project that is
just as it was planned has an SPI of 1 on every day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from app.core.money import allocate
from app.core.numbers import rounded

INDEX = 4
"""Decimals of an index."""
ZERO = Decimal(0)
FARTHEST = timedelta(days=3652)
"""How far beyond the planned end a forecast is still worth a date: ten years."""


@dataclass(frozen=True)
class Work:
    """One deliverable. `rate` is of whoever is to make it, in the project's currency; `logged_hours` is time on it,
    approved or waiting. `due` is the day that was agreed, `approved_on` the day on which it was approved."""

    title: str = ""
    budget: Decimal | None = None
    estimate_hours: Decimal | None = None
    due: date | None = None
    approved_on: date | None = None
    is_cancelled: bool = False
    rate: Decimal | None = None
    logged_hours: Decimal = ZERO


@dataclass(frozen=True)
class Plan:
    """A project as far as its money goes. `agreed_budget`, `start` and `end` are the baseline; `budget` is what may be
    spent now. `waiting` is the cost of time that isn't approved yet."""

    budget: Decimal | None
    agreed_budget: Decimal | None
    start: date | None
    end: date | None
    spent: Decimal
    waiting: Decimal
    works: tuple[Work, ...]
    completed_on: date | None = None


@dataclass(frozen=True)
class Figures:
    """How a project stands on a day. Amounts are in cents, indices have four decimals. What can't be told is None, and
    `notes` says why."""

    on: date
    budget: Decimal | None
    spent: Decimal
    committed: Decimal
    available: Decimal | None
    used: Decimal | None
    """What is spent, as a share of the budget."""
    budget_at_completion: Decimal | None
    planned_value: Decimal | None
    earned_value: Decimal | None
    cost_performance: Decimal | None
    schedule_performance: Decimal | None
    estimate_at_completion: Decimal | None
    variance_at_completion: Decimal | None
    planned_end: date | None
    forecast_end: date | None
    notes: tuple[str, ...] = ()


def figures_of(plan: Plan, on: date) -> Figures:
    values = values_of(plan)
    total = _total(plan, values)
    planned = None if total is None else planned_value(plan, values, on)
    earned = None if total is None else earned_value(plan, values, on)
    cost_index, time_index = _ratio(earned, plan.spent), _ratio(earned, planned)
    estimate = estimate_at_completion(plan, total, earned)
    return Figures(
        on=on,
        budget=plan.budget,
        spent=plan.spent,
        committed=committed_of(plan),
        available=None if plan.budget is None else plan.budget - plan.spent - committed_of(plan),
        used=share_used(plan.spent, plan.budget),
        budget_at_completion=total,
        planned_value=planned,
        earned_value=earned,
        cost_performance=cost_index,
        schedule_performance=time_index,
        estimate_at_completion=estimate,
        variance_at_completion=None if total is None or estimate is None else total - estimate,
        planned_end=plan.end,
        forecast_end=forecast_end(plan, planned, earned, on),
        notes=_notes(plan, total, planned, earned, on),
    )


def values_of(plan: Plan) -> list[Decimal]:
    """What each deliverable is worth, in their order.

    One with a budget is worth that. The others share what is left of the agreed budget by their estimates of hours; one
    without an estimate counts as the average of those that have one. What is cancelled is worth nothing.
    """
    live = [work for work in plan.works if not work.is_cancelled]
    open_ones = [work for work in live if work.budget is None]
    fixed = sum((work.budget for work in live if work.budget is not None), ZERO)
    left = max((plan.agreed_budget or ZERO) - fixed, ZERO)
    shares = iter(allocate(left, _weights(open_ones)) if open_ones else ())
    return [ZERO if work.is_cancelled else next(shares) if work.budget is None else work.budget for work in plan.works]


def _weights(works: Sequence[Work]) -> list[Decimal]:
    known = [work.estimate_hours for work in works if work.estimate_hours is not None]
    usual = sum(known, ZERO) / len(known) if known else Decimal(1)
    weights = [usual if work.estimate_hours is None else work.estimate_hours for work in works]
    return weights if any(weights) else [Decimal(1)] * len(works)


def _total(plan: Plan, values: Sequence[Decimal]) -> Decimal | None:
    """BAC: a reserve that no deliverable holds is not work, and so no part of it."""
    live = [work for work in plan.works if not work.is_cancelled]
    is_valued = plan.agreed_budget is not None or any(work.budget is not None for work in live)
    return sum(values, ZERO) if live and is_valued else plan.agreed_budget


def planned_value(plan: Plan, values: Sequence[Decimal], on: date) -> Decimal:
    """PV on that day. Without deliverables the budget is planned evenly over the days of the project."""
    if not any(not work.is_cancelled for work in plan.works):
        return _evenly(plan, on)
    dues = [work.due or plan.end for work in plan.works]
    return sum((value for value, due in zip(values, dues, strict=True) if due is not None and due <= on), ZERO)


def _evenly(plan: Plan, on: date) -> Decimal:
    if plan.agreed_budget is None or plan.start is None or plan.end is None or on < plan.start:
        return ZERO
    days = (plan.end - plan.start).days + 1
    return rounded(plan.agreed_budget * min((on - plan.start).days + 1, days) / days)


def earned_value(plan: Plan, values: Sequence[Decimal], on: date) -> Decimal | None:
    """EV on that day. Without deliverables only a completed project has earned anything that can be told."""
    if not any(not work.is_cancelled for work in plan.works):
        return plan.agreed_budget if plan.completed_on is not None and plan.completed_on <= on else None
    done = (work.approved_on is not None and work.approved_on <= on for work in plan.works)
    return sum((value for value, is_done in zip(values, done, strict=True) if is_done), ZERO)


def committed_of(plan: Plan) -> Decimal:
    """What is spoken for: time that waits for approval, and of the deliverables that somebody is to make the hours that
    are left of the estimate, at the rate of whoever it is."""
    left = ZERO
    for work in plan.works:
        if work.is_cancelled or work.approved_on is not None or work.rate is None:
            continue
        left += max((work.estimate_hours or ZERO) - work.logged_hours, ZERO) * work.rate
    return plan.waiting + rounded(left)


def estimate_at_completion(plan: Plan, total: Decimal | None, earned: Decimal | None) -> Decimal | None:
    """EAC. Before anything is spent it is BAC; once all is done, what it cost. While nothing is earned, CPI can’t
    divide (it is 0): then AC + (BAC − EV), PMI’s form for a past that says nothing of the rest."""
    if plan.completed_on is not None:
        return plan.spent
    if total is None or earned is None:
        return total if plan.spent == 0 else None
    if plan.spent == 0:
        return total
    if earned == 0:
        return plan.spent + total
    return rounded(plan.spent + (total - earned) * plan.spent / earned)


def forecast_end(plan: Plan, planned: Decimal | None, earned: Decimal | None, on: date) -> date | None:
    """The planned days divided by SPI, from the planned start on, both days counted. Never before today while anything
    is open; the planned end while nothing was due yet; None where nothing that was due is done, or the pace leads more
    than ten years past the plan."""
    if plan.completed_on is not None or plan.start is None or plan.end is None:
        return plan.completed_on
    live = [work for work in plan.works if not work.is_cancelled]
    if live and all(work.approved_on is not None for work in live):
        return max(work.approved_on for work in live if work.approved_on is not None)
    if not planned or earned is None:
        return max(plan.end, on)
    if earned == 0:
        return None
    days = ceil(((plan.end - plan.start).days + 1) * planned / earned)
    if days > ((plan.end - plan.start) + FARTHEST).days:
        return None
    return max(plan.start + timedelta(days=days - 1), on)


def share_used(spent: Decimal, budget: Decimal | None) -> Decimal | None:
    """Four decimals. Of a budget of nothing, nothing is used until something is spent, and then all of it."""
    if budget is None:
        return None
    if budget == 0:
        return rounded(Decimal(1 if spent else 0), INDEX)
    return rounded(spent / budget, INDEX)


def _ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else rounded(part / whole, INDEX)


def _notes(
    plan: Plan, total: Decimal | None, planned: Decimal | None, earned: Decimal | None, on: date
) -> tuple[str, ...]:
    live = [work for work in plan.works if not work.is_cancelled]
    notes = []
    if total is None:
        notes.append("No budget is agreed yet, so nothing can be measured against one.")
    elif not live and plan.completed_on is None:
        notes.append("Without deliverables there is no telling how much of the work is done.")
    elif plan.spent == 0 and plan.completed_on is None:
        notes.append("Nothing is spent yet, so the estimate of the cost is the plan.")
    if live and planned == 0 and plan.completed_on is None and (plan.end is None or on <= plan.end):
        notes.append("Nothing was due yet, so the forecast of the end is the plan.")
    if live and planned and earned == 0 and plan.completed_on is None:
        notes.append("Nothing that was due is approved yet, so there is no pace to forecast an end from.")
    unrated = [work for work in live if work.approved_on is None and work.estimate_hours and work.rate is None]
    if unrated:
        notes.append(_unrated(len(unrated)))
    return tuple(notes)


def _unrated(many: int) -> str:
    which, them = (
        ("One deliverable with an estimate isn’t", "it")
        if many == 1
        else (f"{many} deliverables with an estimate aren’t", "them")
    )
    return f"{which} included in “Committed”: nobody with a rate in the project’s currency is assigned to {them}."
