"""Working days and the critical path, against calculations that go about it in another way."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.projects.plans.scheduling.calendars import WorkCalendar
from app.projects.plans.scheduling.network import Cycle, Task, in_order, schedule

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
START = date(2026, 12, 1)

weeks = st.sets(st.sampled_from(WEEKDAYS), min_size=1)
days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
calendars = st.builds(WorkCalendar.of, weeks, st.lists(days, max_size=40))


def walked(calendar: WorkCalendar, first: date, count: int) -> list[date]:
    """The next working days from the day on, found by looking at every single day."""
    found: list[date] = []
    day = first
    while len(found) < count:
        if WEEKDAYS[day.weekday()] in calendar.workdays and day not in calendar.closed:
            found.append(day)
        day += timedelta(days=1)
    return found


@given(calendars, days, st.integers(1, 60))
def test_so_many_working_days_end_when_counting_day_by_day_does(
    calendar: WorkCalendar, first: date, count: int
) -> None:
    found = walked(calendar, first, count)
    assert calendar.finish(first, count) == found[-1]
    assert calendar.start(found[-1], count) == found[0]
    assert calendar.count(first, found[-1]) == count


@given(calendars, days)
def test_numbers_and_days_are_the_same_thing(calendar: WorkCalendar, day: date) -> None:
    number = calendar.number_from(day)
    assert calendar.is_open(calendar.day(number))
    assert calendar.day(number) >= day
    assert calendar.number_from(calendar.day(number)) == calendar.number_to(calendar.day(number)) == number
    assert calendar.number_to(day) == number - (0 if calendar.is_open(day) else 1)


def test_christmas_is_not_worked_on() -> None:
    calendar = WorkCalendar.of(["mon", "tue", "wed", "thu", "fri"], [date(2026, 12, 25), date(2026, 12, 26)])
    assert calendar.finish(date(2026, 12, 23), 3) == date(2026, 12, 28)


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(ValueError, match="no day"):
        WorkCalendar.of([])


@st.composite
def plans(draw: st.DrawFn) -> list[Task[int]]:
    """Tasks that wait only for those of smaller number, in any order."""
    count = draw(st.integers(1, 12))
    tasks = []
    for key in range(count):
        after = draw(st.dictionaries(st.integers(0, key - 1), st.integers(0, 5), max_size=4)) if key else {}
        not_before = draw(st.none() | st.integers(0, 40))
        tasks.append(Task(key, draw(st.integers(1, 15)), tuple(after.items()), not_before))
    return draw(st.permutations(tasks))


def longest_from(tasks: dict[int, Task[int]], key: int, *, late: int = 0, of: int = -1) -> int:
    """When a task ends at the earliest, by following every path back from it; `of` takes `late` days longer."""
    task = tasks[key]
    begins = [0 if task.not_before is None else task.not_before]
    begins += [longest_from(tasks, before, late=late, of=of) + 1 + wait for before, wait in task.after]
    return max(begins) + task.duration + (late if key == of else 0) - 1


@settings(max_examples=150)
@given(plans())
def test_early_days_are_the_longest_paths(plan: list[Task[int]]) -> None:
    tasks = {task.key: task for task in plan}
    for key, span in schedule(plan, 0).items():
        assert span.early_finish == longest_from(tasks, key)
        assert span.early_finish - span.early_start + 1 == tasks[key].duration


@settings(max_examples=100)
@given(plans(), st.data())
def test_slack_is_how_late_a_task_may_be(plan: list[Task[int]], data: st.DataObject) -> None:
    """One day more than the slack makes the whole plan later by a day; the slack itself doesn't."""
    tasks = {task.key: task for task in plan}
    spans = schedule(plan, 0)
    end = max(longest_from(tasks, key) for key in tasks)
    key = data.draw(st.sampled_from(sorted(tasks)))
    slack = spans[key].slack
    assert max(longest_from(tasks, one, late=slack, of=key) for one in tasks) == end
    assert max(longest_from(tasks, one, late=slack + 1, of=key) for one in tasks) == end + 1
    assert spans[key].is_critical == (slack == 0)


@settings(max_examples=100)
@given(plans())
def test_something_is_always_critical_and_reaches_the_end(plan: list[Task[int]]) -> None:
    spans = schedule(plan, 0)
    end = max(span.early_finish for span in spans.values())
    assert any(span.is_critical and span.early_finish == end for span in spans.values())
    assert all(span.late_start >= span.early_start and span.late_finish <= end for span in spans.values())


def test_what_has_ended_stands_where_it_was_and_the_rest_follows() -> None:
    tasks = [Task("survey", 5, not_before=0, ended=9), Task("move", 3, (("survey", 1),), not_before=5)]
    spans = schedule(tasks, 0)
    assert (spans["survey"].early_start, spans["survey"].early_finish, spans["survey"].is_critical) == (0, 9, False)
    assert (spans["move"].early_start, spans["move"].early_finish) == (11, 13)


@pytest.mark.parametrize(
    ("before", "around"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, "a c b a"),
        ({"x": [], "a": ["x", "b"], "b": ["a"]}, "a b a"),
        ({"a": ["a"]}, "a a"),
        ({"s": ["a"], "a": ["b"], "b": ["c"], "c": ["b"]}, "b c b"),
    ],
)
def test_a_circle_is_named_in_the_order_of_work(before: dict[str, list[str]], around: str) -> None:
    with pytest.raises(Cycle) as caught:
        in_order(before)
    keys = caught.value.keys
    assert keys[0] == keys[-1]
    assert set(keys) == set(around.split())
    assert all(one in before[other] for one, other in itertools.pairwise(keys))


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [Task(at, 1, ((at - 1, 0),) if at else ()) for at in range(5000)]
    assert schedule(chain[::-1], 0)[4999].early_finish == 4999


def test_an_empty_plan_has_no_dates() -> None:
    assert schedule([], 0) == {}
