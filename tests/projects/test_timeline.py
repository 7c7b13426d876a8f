"""The timeline of all projects, by team and by client."""

from datetime import date, timedelta

import pytest

from app.core.clock import today
from app.projects.timeline.queries import BARS, GROUPS, Asked, read_timeline
from app.web.charts.days import Days
from tests.factories.accounts import make_client_company
from tests.factories.projects import make_project, make_team

FIRST, LAST = date(2026, 11, 2), date(2027, 5, 2)


def project(**values):
    return make_project(**({"start_date": date(2026, 12, 1), "end_date": date(2027, 1, 31)} | values))


def names(timeline):
    return {group.name: [bar.name for bar in group.bars] for group in timeline.groups}


def test_projects_stand_under_their_teams_in_the_order_in_which_they_begin(db_session):
    team = make_team(name="Atlas")
    project(team=team, name="Later", start_date=date(2027, 1, 1))
    project(team=team, name="Sooner")
    assert names(read_timeline(Asked(FIRST, LAST))) == {"Atlas": ["Sooner", "Later"]}


def test_by_client_the_same_stand_under_their_companies(db_session):
    company = make_client_company(name="Brightwater")
    made = project(client=company, team=make_team(name="Atlas"))
    timeline = read_timeline(Asked(FIRST, LAST, by="client"))
    assert names(timeline) == {"Brightwater": [made.name]}
    assert timeline.groups[0].bars[0].other == "Atlas"


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (date(2026, 10, 1), date(2026, 11, 1), False),
        (date(2026, 10, 1), date(2026, 11, 2), True),
        (date(2027, 5, 2), date(2027, 8, 1), True),
        (date(2027, 5, 3), date(2027, 8, 1), False),
        (date(2026, 1, 1), date(2028, 1, 1), True),
    ],
)
def test_a_project_is_shown_if_a_day_of_it_is(db_session, start, end, shown):
    project(start_date=start, end_date=end)
    assert read_timeline(Asked(FIRST, LAST)).total == int(shown)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_what_is_over_is_left_out(db_session, status):
    project(status=status)
    assert read_timeline(Asked(FIRST, LAST)).groups == []


def test_projects_without_a_team_come_first(db_session):
    project(team=make_team(name="Atlas"))
    project(status="requested", name="Asked for")
    timeline = read_timeline(Asked(FIRST, LAST))
    assert list(names(timeline)) == ["No team yet", "Atlas"]
    assert timeline.total == 2


def test_a_group_tells_how_many_more_there_are(db_session):
    team = make_team()
    for _ in range(BARS + 3):
        project(team=team)
    (group,) = read_timeline(Asked(FIRST, LAST)).groups
    assert (len(group.bars), group.count, group.more) == (BARS, BARS + 3, 3)


def test_delivered_parts_are_counted_without_cancelled_ones(db_session):
    states = ("approved", "approved", "submitted", "planned", "cancelled")
    project(deliverables=[{"title": f"Part {n}", "status": status} for n, status in enumerate(states)])
    (bar,) = read_timeline(Asked(FIRST, LAST)).groups[0].bars
    assert (bar.done, bar.total, bar.progress) == (2, 4, 0.5)


def test_every_group_is_on_one_page_exactly(db_session):
    made = {project(team=make_team(name=f"Team {n:02}")).team.name for n in range(GROUPS * 2 + 1)}
    seen, after = [], None
    while True:
        timeline = read_timeline(Asked(FIRST, LAST, after=after))
        assert timeline.total == len(made)
        seen += [group.name for group in timeline.groups]
        if (after := timeline.next) is None:
            break
    assert seen == sorted(made)


def test_status_and_search_narrow_it(db_session):
    project(team=make_team(name="Atlas"), status="planned")
    project(team=make_team(name="Café Nord"), status="active")
    assert list(names(read_timeline(Asked(FIRST, LAST, status="planned")))) == ["Atlas"]
    assert list(names(read_timeline(Asked(FIRST, LAST, q="cafe")))) == ["Café Nord"]
    assert read_timeline(Asked(FIRST, LAST, q="%")).groups == []


# The page


def test_the_page_shows_bars_and_the_same_as_a_table(as_manager, db_session):
    made = make_project(name="Move to the cloud", start_date=today(), end_date=today() + timedelta(days=30))
    page = as_manager.get("/admin/timeline").text
    assert page.count(f"/admin/projects/{made.id}") == 2
    assert "<caption" in page


def test_htmx_gets_the_groups_alone(as_manager, db_session):
    page = as_manager.get("/admin/timeline", headers={"HX-Request": "true"}).text
    assert "No projects in this time" in page
    assert "<html" not in page


@pytest.mark.parametrize(
    "query",
    ["from=nonsense", "from=0001-01-01", "from=9999-12-31", "weeks=0", "by=x", "status=%00", "q=%00", "after=%ff",
     "after=W10", "after=WyJhIiwgMV0=", "q=" + "x" * 500],
)  # fmt: skip
def test_nonsense_in_the_address_counts_as_not_said(as_manager, query):
    assert as_manager.get(f"/admin/timeline?{query}").status_code == 200


@pytest.mark.parametrize(("who", "status"), [("as_client", 403), ("as_expert", 403), ("client", 303)])
def test_it_is_for_staff(request, who, status):
    assert request.getfixturevalue(who).get("/admin/timeline").status_code == status


# The scale


def test_days_lie_evenly_and_are_held_to_the_edges():
    days = Days(date(2026, 11, 2), date(2026, 11, 11), 100.0)
    assert days.x(date(2026, 11, 2)) == 0
    assert days.span(date(2026, 11, 4), date(2026, 11, 5)) == (20.0, 20.0)
    assert days.span(date(2020, 1, 1), date(2030, 1, 1)) == (0.0, 100.0)


def test_months_begin_at_their_first_days():
    days = Days(date(2026, 11, 30), date(2027, 2, 28), 91.0)
    assert [(tick.x, tick.label) for tick in days.months(room=20)] == [
        (0.0, ""), (1.0, "Dec 2026"), (32.0, "Jan 2027"), (63.0, "Feb")
    ]  # fmt: skip


def test_a_month_with_its_year_stands_where_it_has_room():
    days = Days(date(2026, 9, 9), date(2026, 11, 30), 166.0)
    assert [(tick.x, tick.label) for tick in days.months()] == [(0.0, ""), (44.0, "Oct 2026"), (106.0, "Nov")]


def test_weeks_begin_on_mondays():
    days = Days(date(2026, 11, 4), date(2026, 11, 17), 14.0)
    assert [(tick.x, tick.label) for tick in days.weeks()] == [(5.0, "9 Nov"), (12.0, "16 Nov")]
