"""An event that a consumer fails at is tried again, then put aside and shown, and stops nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.core.clock import frozen, now
from app.core.errors import Conflict
from app.core.events import Event, publish
from app.core.events.models import ConsumerPlace, Delivery
from app.core.tenancy import as_system
from app.events import consuming, jobs
from app.extensions import db
from app.notifications.models import Notification, OutgoingMail
from tests.factories import make_product, make_user
from tests.factories.events import commit_at, deliver, fail_at, seen
from tests.jobs import run_jobs


@pytest.fixture(autouse=True)
def afresh():
    seen.clear()
    yield
    fail_at.clear()
    commit_at.clear()


@pytest.fixture
def product(db_session):
    made, _ = make_product(), make_user()
    with as_system("a test"):
        consuming.ensure_places()
    db.session.commit()
    return made


def say(product, *numbers):
    for number in numbers:
        publish("test.happened", about=product, actor=None, number=number)
    db.session.commit()


def delivery(number):
    db.session.expire_all()
    of_number = Event.data["number"].as_integer() == number
    return db.session.scalars(select(Delivery).join(Event, Event.id == Delivery.event_id).where(of_number)).one()


def test_a_poison_event_is_put_aside_and_the_rest_goes_on(product):
    fail_at[2] = RuntimeError("it is broken")
    say(product, 1, 2, 3)
    deliver()
    assert seen == [1, 3]
    assert (delivery(1).state, delivery(2).state, delivery(3).state) == ("done", "waiting", "done")
    assert (delivery(2).attempts, delivery(2).error) == (1, "RuntimeError: it is broken")
    say(product, 4)
    deliver()
    assert seen == [1, 3, 4]


def test_what_a_consumer_wrote_before_it_failed_is_taken_back(product):
    fail_at[1] = RuntimeError("after the inbox was written")
    say(product, 1)
    deliver()
    assert db.session.scalar(select(func.count()).select_from(Notification)) == 0


def test_a_consumer_that_commits_is_refused_and_leaves_nothing(product):
    commit_at.add(1)
    say(product, 1, 2)
    deliver()
    assert seen == [2]
    assert (delivery(1).state, delivery(2).state) == ("waiting", "done")
    assert str(delivery(1).error).startswith("CommitRefused")
    assert db.session.scalar(select(func.count()).select_from(Notification)) == 0


def try_again(number):
    row = delivery(number)
    event_id = row.event_id
    with as_system("a worker"):
        try:
            jobs.deliver("test", event_id)
            db.session.commit()
        except RuntimeError:
            db.session.rollback()


def test_it_is_tried_again_until_it_is_done(product):
    fail_at[1] = RuntimeError("for now")
    say(product, 1)
    deliver()
    queued = "select args ->> 'event_id', scheduled_at > now() from procrastinate_jobs where task_name like 'events.d%'"
    waiting = db.session.execute(text(queued)).one()
    assert tuple(waiting) == (str(delivery(1).event_id), True)
    try_again(1)
    assert (delivery(1).state, delivery(1).attempts, seen) == ("waiting", 2, [])
    fail_at.clear()
    try_again(1)
    assert (delivery(1).state, delivery(1).attempts, delivery(1).error, seen) == ("done", 3, None, [1])
    try_again(1)
    assert seen == [1]


def test_the_last_try_is_final_and_so_is_what_a_rule_refuses(product):
    fail_at.update({1: RuntimeError("for ever"), 2: Conflict("It is too late for that.")})
    say(product, 1, 2)
    deliver()
    assert (delivery(2).state, delivery(2).attempts) == ("failed", 1)
    for _ in range(consuming.MOST_ATTEMPTS - 1):
        assert delivery(1).state == "waiting"
        try_again(1)
    assert (delivery(1).state, delivery(1).attempts) == ("failed", consuming.MOST_ATTEMPTS)


class Killed(BaseException):
    """As when a consumer takes the worker down with it: nothing of the transaction is left, nobody notes anything."""


def dies(work, *arguments):
    with as_system("a worker"):
        try:
            work(*arguments)
            db.session.commit()
        except Killed:
            db.session.rollback()
            return True
    return False


def deaths(work, *arguments):
    number = 0
    while dies(work, *arguments):
        number += 1
        assert number < 50
    return number


def test_an_event_that_kills_the_worker_each_time_is_given_up_and_the_rest_goes_on(product):
    fail_at[3] = Killed()
    say(product, 1, 2, 3, 4)
    with as_system("a worker"):
        jobs.sequence()
    assert deaths(jobs.consume, "test") == consuming.MOST_ATTEMPTS
    assert [delivery(number).state for number in (1, 2, 3, 4)] == ["done", "done", "failed", "done"]
    assert (delivery(3).attempts, delivery(3).error) == (consuming.MOST_ATTEMPTS, consuming.DIED)
    say(product, 5)
    deliver()
    assert seen[-2:] == [4, 5]
    assert db.session.scalar(select(ConsumerPlace.attempts).where(ConsumerPlace.name == "test")) == 0


def test_so_is_one_that_does_when_it_is_tried_again(product):
    fail_at[1] = RuntimeError("for now")
    say(product, 1)
    deliver()
    fail_at[1] = Killed()
    assert deaths(jobs.deliver, "test", delivery(1).event_id) == consuming.MOST_ATTEMPTS - 1
    assert (delivery(1).state, delivery(1).error) == ("failed", consuming.DIED)


def test_an_administrator_sees_it_and_has_it_tried_again(product, as_admin, as_manager, as_client):
    fail_at[1] = Conflict("It is too late for that.")
    say(product, 1)
    deliver()
    event_id = delivery(1).event_id
    page, path = f"/admin/events/{event_id}", f"/admin/events/{event_id}/test/retry"
    assert "test: failed" in as_admin.get("/admin/events?state=failed").text
    assert "It is too late for that." in as_admin.get(page).text
    assert "Try again" in as_admin.get(page).text
    assert "Try again" not in as_manager.get(page).text
    assert as_manager.post(path).status_code == 403
    assert as_client.get(page).status_code == as_client.get("/admin/events").status_code == 403
    fail_at.clear()
    assert as_admin.post(path).status_code == 303
    run_jobs(db.session, consuming.DELIVER)
    assert (delivery(1).state, seen) == ("done", [1])
    assert "Try again" not in as_admin.get(page).text
    assert as_admin.post(path).status_code == 409
    assert as_admin.post(f"/admin/events/{event_id}/nobody/retry").status_code == 404


def test_the_page_of_an_event_shows_whom_it_led_to(make_user, as_admin):
    user = make_user(username="paula")
    publish("user.suspended", about=user, actor=as_admin.user)
    db.session.commit()
    deliver()
    event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
    page = as_admin.get(f"/admin/events/{event.id}").text
    for shown in (
        "user.<wbr>suspended",
        "paula",
        user.email,
        "Notification",
        "Mail",
        as_admin.user.username,
        "Notifications",
    ):
        assert shown in page
    listed = as_admin.get("/admin/events?type=user.suspended").text
    assert f"/admin/events/{event.id}" in listed
    assert f"/admin/events/{event.id}" not in as_admin.get("/admin/events?type=user.restored").text
    assert f"/admin/events/{event.id}" in as_admin.get(f"/admin/events?record={user.id}").text


@pytest.mark.parametrize(
    "query", ["type=x", "state=x", "record=x", "before=x", "before=99999999999999999999", "before=0"]
)
def test_what_can_not_be_asked_is_left_out(as_admin, query):
    assert as_admin.get(f"/admin/events?{query}").status_code == 200
    for path in ("x", "0", "99999999999999999999"):
        assert as_admin.get(f"/admin/events/{path}").status_code == 404


def test_the_history_of_a_record_says_what_was_announced(as_admin):
    user = make_user()
    as_admin.post(f"/admin/users/{user.id}/suspend")
    deliver()
    event = db.session.scalars(select(Event).where(Event.record_id == user.id)).one_or_none()
    if event is None:
        pytest.skip("users are suspended another way")
    assert f"/admin/events/{event.id}" in as_admin.get(f"/admin/users/{user.id}/history").text


def test_a_consumer_that_is_behind_is_woken_whatever_became_of_its_job(product):
    say(product, 1)
    with as_system("a worker"):
        jobs.sequence()
        db.session.execute(text("delete from procrastinate_jobs"))
        jobs.wake_those_behind()
        woken = db.session.scalars(text("select args ->> 'name' from procrastinate_jobs")).all()
        assert woken == ["test"]
        jobs.wake_those_behind()
        assert len(db.session.scalars(text("select id from procrastinate_jobs")).all()) == 1
        jobs.consume("test")
    assert seen == [1]
    with as_system("a worker"):
        assert consuming.behind() == []


def test_old_events_go_with_what_followed_but_none_that_a_consumer_has_not_passed(product, make_user):
    user = make_user()
    with frozen(now() - timedelta(days=181)):
        publish("user.suspended", about=user, actor=None)
        say(product, 1)
    say(product, 2)
    deliver()
    last = consuming.least_place()
    with as_system("a test"):
        db.session.execute(update(ConsumerPlace).values(last_id=0))
        jobs.forget()
        assert rows(Event) == 3
        db.session.execute(update(ConsumerPlace).values(last_id=last))
        jobs.forget()
    assert (rows(Event), rows(Delivery)) == (1, 1)
    assert db.session.scalars(select(OutgoingMail.event_id)).all() == [None]


def rows(model):
    return db.session.scalar(select(func.count()).select_from(model))
