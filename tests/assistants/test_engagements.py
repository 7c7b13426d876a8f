"""What becomes of a proposal, step by step."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.assistants.calendars.jobs import withdraw_proposals
from app.assistants.engagements import operations as engagements
from app.assistants.engagements.operations import (
    AlreadyReviewed,
    DayOutOfRange,
    NotOver,
    RequestIsClosed,
    TimeIsOver,
)
from app.assistants.engagements.steps import MATCH
from app.assistants.models import Assistant, Match, Reservation, Review
from app.core.audit import SYSTEM, AuditEntry
from app.core.clock import shifted, today
from app.core.database_errors import explain
from app.core.errors import Conflict
from app.core.steps import WrongStep
from app.extensions import db
from app.notifications.models import Notification
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request
from tests.factories.events import deliver

DAY = timedelta(days=1)
FOLLOWS = {
    "proposed": {"accepted", "declined", "withdrawn"},
    "accepted": {"completed", "ended"},
    "declined": set(),
    "completed": set(),
    "ended": set(),
    "withdrawn": set(),
}
ACTS = {
    "accepted": engagements.accept_match,
    "declined": engagements.decline_match,
    "completed": engagements.complete_match,
    "ended": engagements.end_match,
    "withdrawn": engagements.withdraw_match,
}


@pytest.fixture(autouse=True)
def session(db_session):
    return db_session


def reservation_of(match):
    return db.session.scalar(select(Reservation).where(Reservation.match_id == match.id))


def told(user):
    deliver()
    return set(db.session.scalars(select(Notification.kind).where(Notification.user_id == user.id)))


def refused(act):
    """The error as it is told, whether an operation or a trigger raised it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is told as, is looked at
        act()
    db.session.rollback()
    error = caught.value
    return error if isinstance(error, Conflict) else explain(error)


@pytest.mark.parametrize("status", MATCH.names)
@pytest.mark.parametrize("wanted", ACTS)
def test_only_the_steps_of_the_table_are_taken(status, wanted):
    match = make_match(status)
    if wanted in FOLLOWS[status]:
        assert ACTS[wanted](match, actor=SYSTEM).status == wanted
    else:
        with pytest.raises(WrongStep):
            ACTS[wanted](match, actor=SYSTEM)


def test_the_table_has_every_status():
    assert set(FOLLOWS) == set(MATCH.names)
    ways = {(now, step.to) for step in MATCH.steps if step.to for now in step.from_}
    assert ways == {(now, then) for now, following in FOLLOWS.items() for then in following}


def test_accepting_reserves_the_hours_and_fills_the_request(make_user):
    user = make_user(role="client")
    request = make_request(client=user.client, hours=15, start=today() + 3 * DAY, end=today() + 60 * DAY)
    match = make_match(request=request)
    engagements.accept_match(match, actor=user)
    taken = reservation_of(match)
    assert (taken.hours_per_week, taken.starts_on, taken.ends_on) == (15, today() + 3 * DAY, today() + 60 * DAY)
    assert (match.decided_by_id, request.status) == (user.id, "filled")
    assert match.decided_at is not None
    db.session.refresh(match.assistant)
    assert match.assistant.available_hours == 25
    assert db.session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)) == "accept"


def test_hours_that_are_not_free_can_not_be_accepted():
    assistant = make_assistant(weekly_hours=30, name="Ana Pérez")
    make_match("accepted", request=make_request(hours=20), assistant=assistant)
    late = make_match(request=make_request(hours="10.5"), assistant=assistant)
    error = refused(lambda: engagements.accept_match(late, actor=SYSTEM))
    assert error.status == 409
    assert error.message == "Ana Pérez has 10 of 30 hours a week left in that time."
    assert db.session.get(Match, late.id).status == "proposed"


def test_the_last_hours_can_be_accepted_to_the_minute():
    assistant = make_assistant(weekly_hours=30)
    make_match("accepted", request=make_request(hours=20), assistant=assistant)
    last = make_match(request=make_request(hours=10), assistant=assistant)
    assert engagements.accept_match(last, actor=SYSTEM).status == "accepted"


def test_a_start_that_has_passed_becomes_today():
    match = make_match(request=make_request(start=today() - 20 * DAY))
    engagements.accept_match(match, actor=SYSTEM)
    assert match.starts_on == reservation_of(match).starts_on == today()


def test_a_time_that_is_over_can_not_be_accepted():
    match = make_match(request=make_request(start=today() - 20 * DAY, end=today() - DAY))
    with pytest.raises(TimeIsOver):
        engagements.accept_match(match, actor=SYSTEM)


def test_who_else_was_proposed_is_withdrawn_when_the_request_is_filled():
    request, other = make_request(), make_match()
    first, second, declined = (make_match(request=request) for _ in range(3))
    engagements.decline_match(declined, actor=SYSTEM)
    engagements.accept_match(first, actor=SYSTEM)
    for match in (second, declined, other):
        db.session.refresh(match)
    assert (second.status, declined.status, other.status) == ("withdrawn", "declined", "proposed")
    assert refused(lambda: engagements.accept_match(second, actor=SYSTEM)).code == "wrong-step"


def test_somebody_archived_can_not_be_accepted():
    match = make_match(assistant=make_assistant(archived=True, name="Ana Pérez"))
    error = refused(lambda: engagements.accept_match(match, actor=SYSTEM))
    assert (error.status, error.message) == (409, "Ana Pérez takes no more work.")


def test_declining_keeps_the_note_and_reserves_nothing():
    match = make_match()
    engagements.decline_match(match, "Too far away.", actor=SYSTEM)
    assert (match.status, match.note, reservation_of(match)) == ("declined", "Too far away.", None)


def test_completing_frees_the_hours_from_that_day_on():
    match = make_match("accepted", request=make_request(start=today() - 10 * DAY))
    engagements.complete_match(match, actor=SYSTEM)
    assert (match.status, match.ended_on) == ("completed", today())
    assert reservation_of(match).ends_on == today() - DAY
    db.session.refresh(match.assistant)
    assert (match.assistant.available_hours, match.assistant.projects_completed) == (40, 1)


def test_completing_before_it_began_frees_everything():
    match = make_match("accepted", request=make_request(start=today() + 7 * DAY))
    engagements.complete_match(match, actor=SYSTEM)
    assert reservation_of(match) is None


def test_ending_with_notice_keeps_the_hours_until_then():
    match = make_match("accepted", request=make_request(start=today() - DAY, end=today() + 30 * DAY))
    engagements.end_match(match, today() + 14 * DAY, "We are moving.", actor=SYSTEM)
    assert (match.status, match.note, match.ended_on) == ("ended", "We are moving.", today() + 14 * DAY)
    assert reservation_of(match).ends_on == today() + 13 * DAY
    db.session.refresh(match.assistant)
    assert (match.assistant.available_hours, match.assistant.projects_completed) == (20, 0)


def test_freed_hours_can_be_taken_from_that_day_on_and_not_before():
    assistant = make_assistant(weekly_hours=20)
    match = make_match("accepted", request=make_request(start=today()), assistant=assistant)
    engagements.end_match(match, today() + 10 * DAY, actor=SYSTEM)
    early = make_match(request=make_request(start=today() + 9 * DAY), assistant=assistant)
    assert refused(lambda: engagements.accept_match(early, actor=SYSTEM)).status == 409
    right = make_match(request=make_request(start=today() + 10 * DAY), assistant=assistant)
    assert engagements.accept_match(right, actor=SYSTEM).status == "accepted"


@pytest.mark.parametrize(("act", "days"), [("completed", -11), ("completed", 1), ("ended", -11), ("ended", 32)])
def test_days_that_make_no_sense_are_refused(act, days):
    match = make_match("accepted", request=make_request(start=today() - 10 * DAY, end=today() + 30 * DAY))
    with pytest.raises(DayOutOfRange) as caught:
        ACTS[act](match, today() + days * DAY, actor=SYSTEM)
    assert caught.value.errors[0].pointer == "/on"


@pytest.mark.parametrize("status", ["completed", "ended"])
def test_an_engagement_that_is_over_is_reviewed_once(make_user, status):
    user = make_user(role="client")
    match = make_match(status, request=make_request(client=user.client))
    engagements.review_match(match, 4, "Quick and kind.", actor=user)
    db.session.refresh(match.assistant)
    assert (match.assistant.rating, match.assistant.reviews_count) == (Decimal("4.00"), 1)
    assert match.review.comment == "Quick and kind."
    with pytest.raises(AlreadyReviewed):
        engagements.review_match(match, 5, actor=user)


@pytest.mark.parametrize("status", ["proposed", "accepted", "declined", "withdrawn"])
def test_what_is_not_over_is_not_reviewed(status):
    match = make_match(status)
    with pytest.raises(NotOver):
        engagements.review_match(match, 5, actor=SYSTEM)
    assert db.session.scalar(select(Review.id)) is None


def test_a_closed_request_takes_its_open_proposals_along():
    request = make_request()
    taken, left = make_match("accepted", request=request), make_match(request=request)
    engagements.close_request(request, actor=SYSTEM)
    for match in (taken, left):
        db.session.refresh(match)
    assert (request.status, taken.status, left.status) == ("closed", "accepted", "withdrawn")
    with pytest.raises(RequestIsClosed):
        engagements.close_request(request, actor=SYSTEM)


def test_who_leaves_takes_the_open_proposals_along(make_user):
    user = make_user(role="client")
    assistant = make_assistant()
    mine = make_match(request=make_request(client=user.client), assistant=assistant)
    taken = make_match("accepted", assistant=assistant)
    other = make_match()
    assert engagements.withdraw_proposals_of(assistant) == 1
    for match in (mine, taken, other):
        db.session.refresh(match)
    assert (mine.status, taken.status, other.status) == ("withdrawn", "accepted", "proposed")
    assert told(user) == {"match.withdrawn"}


def test_the_job_leaves_the_proposals_of_who_came_back():
    match = make_match()
    withdraw_proposals(str(match.assistant_id))
    db.session.refresh(match)
    assert match.status == "proposed"
    db.session.get(Assistant, match.assistant_id).archived_at = match.created_at
    db.session.flush()
    withdraw_proposals(str(match.assistant_id))
    db.session.refresh(match)
    assert match.status == "withdrawn"


@pytest.mark.parametrize("by", ["company", "assistant", "staff"])
@pytest.mark.parametrize("act", ["completed", "ended"])
def test_the_other_sides_hear_that_it_is_over(make_user, by, act):
    company, expert, staff = make_user(role="client"), make_user(role="expert"), make_user()
    people = {"company": company, "assistant": expert, "staff": staff}
    assistant = make_assistant(user=expert)
    match = make_match("accepted", request=make_request(client=company.client), assistant=assistant)
    ACTS[act](match, actor=people[by])
    kind = {"completed": "match.completed", "ended": "match.ended"}[act]
    heard = {side for side, person in people.items() if kind in told(person)}
    assert heard == set(people) - {by}


def test_the_assistant_and_staff_hear_of_the_acceptance(make_user):
    company, expert, staff = make_user(role="client"), make_user(role="expert"), make_user()
    request = make_request(client=company.client)
    match = make_match(request=request, assistant=make_assistant(user=expert, name="Ana Pérez"))
    engagements.accept_match(match, actor=company)
    assert (told(company), told(expert), told(staff)) == (set(), {"match.accepted"}, {"match.accepted"})
    notice = db.session.scalars(select(Notification).where(Notification.user_id == expert.id)).one()
    assert notice.title == f"{company.client.name} takes on Ana Pérez"
    assert notice.url == f"/dashboard/assignments/{match.id}"


def test_the_company_hears_what_staff_accept_for_it(make_user):
    company, staff = make_user(role="client"), make_user()
    match = make_match(request=make_request(client=company.client))
    engagements.accept_match(match, actor=staff)
    assert (told(company), told(staff)) == ({"match.accepted"}, set())


def test_both_hear_that_the_assistant_declined(make_user):
    company, expert, staff = make_user(role="client"), make_user(role="expert"), make_user()
    match = make_match(request=make_request(client=company.client), assistant=make_assistant(user=expert))
    engagements.decline_match(match, actor=expert)
    assert (told(company), told(staff)) == ({"match.declined"}, {"match.declined"})


def test_an_engagement_that_ran_out_is_completed_with_its_last_day_kept():
    match = make_match("accepted", request=make_request(start=today(), end=today() + 5 * DAY))
    with shifted(timedelta(days=40)):
        engagements.complete_match(match, actor=SYSTEM)
        assert reservation_of(match).ends_on == match.ends_on
