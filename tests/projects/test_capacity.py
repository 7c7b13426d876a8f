"""Hours of teams by week: the formula by pencil, in bulk, and in few queries."""

from datetime import timedelta
from decimal import Decimal
from time import process_time

import pytest
from sqlalchemy import event

from app.assistants.calendars.queries import monday_of
from app.assistants.models import Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.core.tenancy import TenantContext, tenant_context
from app.extensions import db
from app.projects.teams.capacity import capacity_of, free_this_week, weeks_between
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match
from tests.factories.projects import make_project, make_team


def next_monday():
    return monday_of(today()) + timedelta(days=7)


@pytest.fixture(autouse=True)
def _database(db_session):
    pass


def take(assistant, hours, *, project=None, first=None, last=None):
    first, last = first or next_monday(), last or next_monday() + timedelta(days=6)
    source = {"project_id": project.id, "client_id": project.client_id} if project else None
    if source is None:
        match = make_match(assistant=assistant)
        source = {"match_id": match.id, "client_id": match.client_id}
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(
        Reservation(assistant_id=assistant.id, hours_per_week=hours, starts_on=first, ends_on=last, **source)
    )
    db.session.commit()


def week_of(team, **more):
    return capacity_of([team.id], next_monday(), 1, **more)[team.id].weeks[0]


def test_share_bounds_what_the_team_gets_and_other_work_takes_first():
    """40 hours at a share of 0.5 are 20; of 30 that are taken elsewhere, 10 are left."""
    ana = make_assistant(weekly_hours=40)
    team = make_team(members=[{"who": ana, "share": Decimal("0.5")}])
    assert (week_of(team).hours, week_of(team).free) == (20, 20)
    take(ana, 15)
    assert (week_of(team).hours, week_of(team).free) == (20, 20)
    take(ana, 15)
    (member,) = week_of(team).members
    assert (member.calendar, member.other, member.own, member.hours, member.free) == (40, 30, 0, 10, 10)


def test_own_projects_are_the_teams_work_and_no_other_work():
    ana = make_assistant(weekly_hours=40)
    one, two = make_team(members=[ana]), make_team(members=[{"who": ana, "share": Decimal("0.5")}])
    project = make_project(
        team=one, start_date=next_monday(), end_date=next_monday() + timedelta(days=20), hours_per_week=12
    )
    take(ana, 12, project=project)
    assert (week_of(one).hours, week_of(one).booked, week_of(one).free) == (40, 12, 28)
    assert (week_of(two).hours, week_of(two).booked, week_of(two).free) == (20, 0, 20)
    assert (week_of(one, without_project=project.id).booked, week_of(one, without_project=project.id).free) == (0, 40)


def test_days_off_and_days_before_the_first_are_no_hours():
    away = make_assistant(weekly_hours=40, time_off=[(next_monday(), next_monday() + timedelta(days=1))])
    later = make_assistant(weekly_hours=40, available_from=next_monday() + timedelta(days=3))
    assert week_of(make_team(members=[away])).hours == 24
    assert week_of(make_team(members=[later])).hours == 16
    gone = make_assistant(weekly_hours=40, archived=True)
    assert week_of(make_team(members=[gone])).hours == 0


def test_limit_holds_the_team():
    members = [make_assistant(weekly_hours=40), make_assistant(weekly_hours=40)]
    team = make_team(members=members, capacity=Decimal(50))
    assert (week_of(team).hours, week_of(team).free) == (50, 50)
    take(members[0], 40)
    assert (week_of(team).hours, week_of(team).free) == (40, 40)
    assert week_of(make_team(capacity=Decimal(7))).hours == 7
    assert week_of(make_team()).hours == 0


def test_member_without_calendar_counts_forty_hours_by_share(make_user):
    team = make_team(members=[{"who": make_user(role="expert"), "share": Decimal("0.25")}])
    assert week_of(team).hours == 10
    assert capacity_of([team.id], next_monday(), 1)[team.id].has_unrecorded


def test_what_no_calendar_holds_is_carried_by_those_without_one(make_user):
    team = make_team(members=[make_user(role="expert")])
    make_project(team=team, start_date=next_monday(), end_date=next_monday() + timedelta(days=20), hours_per_week=30)
    assert (week_of(team).hours, week_of(team).free) == (40, 10)


def test_only_the_days_asked_for_count():
    ana = make_assistant(weekly_hours=40)
    team = make_team(members=[ana], capacity=Decimal(30))
    wednesday = next_monday() + timedelta(days=2)
    assert week_of(team, within=(wednesday, wednesday)).hours == 6
    take(ana, 40, first=wednesday, last=wednesday)
    assert week_of(team, within=(wednesday, wednesday)).free == 0
    assert week_of(team, within=(next_monday(), wednesday)).free == 16


def test_companies_learn_hours_without_seeing_whose_they_are(make_client_company):
    ana = make_assistant(weekly_hours=40)
    team = make_team(members=[ana])
    take(ana, 30, first=monday_of(today()), last=today() + timedelta(days=30))
    with tenant_context(TenantContext(client_id=make_client_company().id)):
        assert free_this_week([team.id]) == {team.id: 10}


def test_weeks_cover_both_days():
    sunday = next_monday() + timedelta(days=6)
    assert weeks_between(next_monday(), sunday) == (next_monday(), 1)
    assert weeks_between(sunday, sunday + timedelta(days=1)) == (next_monday(), 2)


def test_three_hundred_teams_and_half_a_year_take_five_queries_and_little_time():
    people = [
        make_assistant(weekly_hours=40, time_off=[(next_monday(), next_monday())] if n % 3 else []) for n in range(30)
    ]
    teams = [make_team(members=[people[(n + k) % 30] for k in range(4)]) for n in range(300)]
    ids = [team.id for team in teams]
    statements = []
    listen = (db.session.connection(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    event.listen(*listen)
    began = process_time()
    found = capacity_of(ids, next_monday(), 26)
    took = process_time() - began
    event.remove(*listen)
    assert len([text for text in statements if text.lstrip().upper().startswith("SELECT")]) <= 6
    assert len(found) == 300
    assert all(len(capacity.weeks) == 26 for capacity in found.values())
    assert took < 3
