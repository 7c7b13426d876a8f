"""An event that a consumer fails at is tried again, then put aside and shown, and stops nothing else."""

from contextvars import copy_context
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from procrastinate.exceptions import JobAborted
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import InvalidRequestError

from app.core.audit import audit_as, change_id, current_actor
from app.core.clock import frozen, now
from app.core.errors import Conflict
from app.core.events import Event, EventType, publish
from app.core.events.models import ConsumerPlace, Delivery
from app.core.tenancy import TenantContext, as_system, current_tenant
from app.events import consuming, jobs
from app.extensions import db
from app.jobs.caller import Caller
from app.jobs.current import CurrentJob, set_current_job
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


def test_a_consumer_whose_types_are_rare_keeps_no_old_events(product, make_user, as_admin):
    user = make_user()
    with frozen(now() - timedelta(days=181)):
        publish("user.suspended", about=user, actor=None)
        db.session.commit()
    with as_system("a worker"):
        jobs.sequence()
        jobs.consume("notifications")
        assert consuming.behind() == []
        assert "Test: up to date at event" in as_admin.get("/admin/events").text
        jobs.forget()
    assert rows(Event) == 0


def test_after_a_death_only_what_was_begun_is_handled_singly(product, monkeypatch):
    monkeypatch.setattr(consuming, "BATCH", 5)
    fail_at[2] = Killed()
    say(product, *range(20))
    with as_system("a worker"):
        jobs.sequence()
    assert dies(jobs.consume, "test")
    fail_at.clear()
    sizes, run_batch = [], consuming.run_batch
    monkeypatch.setattr(consuming, "run_batch", lambda *of, **how: sizes.append(run_batch(*of, 5, **how)) or sizes[-1])
    with as_system("a worker"):
        jobs.consume("test")
    assert (sizes, seen[-20:]) == ([1, 1, 1, 1, 1, 5, 5, 5, 0], list(range(20)))


def test_a_worker_that_has_to_stop_does_so_between_two_batches(product, monkeypatch):
    monkeypatch.setattr(consuming, "BATCH", 2)
    say(product, 1, 2, 3)
    monkeypatch.setattr(jobs.consuming, "run_batch", lambda one, run=consuming.run_batch, **how: run(one, 2, **how))
    job = CurrentJob(1, consuming.CONSUME, 1, lambda: True)
    with as_system("a worker"):
        jobs.sequence()
        with pytest.raises(JobAborted):
            copy_context().run(lambda: (set_current_job(job), jobs.consume("test")))
        db.session.rollback()
        assert seen == [1, 2]
        jobs.consume("test")
    assert seen == [1, 2, 3]
    assert {delivery(number).state for number in (1, 2, 3)} == {"done"}


def test_what_the_database_checks_at_the_commit_is_the_fault_of_one_event(committed_db, product):
    """As the postings of an entry, which have to add up to nothing when all of them are there."""
    with psycopg.connect(committed_db) as owner:
        owner.execute("create table balanced (number int unique deferrable initially deferred)")
        owner.execute("call enable_rls('balanced', 'everyone')")
    handled = []

    def handle(event):
        handled.append(event.values["number"])
        for _ in range(2 if event.values["number"] == 2 else 1):
            db.session.execute(text("insert into balanced values (:number)"), {"number": event.values["number"]})

    one = consuming.Consumer("test", handle, lambda: ["test.happened"], lambda _: ())
    say(product, 1, 2, 3)
    with as_system("a worker"):
        jobs.sequence()
        place = db.session.scalars(select(ConsumerPlace).where(ConsumerPlace.name == "test")).one()
        place.attempts = 2  # the batch has failed at its commit
        db.session.commit()
        while consuming.run_batch(one):
            place.attempts = 2
            db.session.commit()
    assert [delivery(number).state for number in (1, 2, 3)] == ["done", "waiting", "done"]
    assert "balanced_number_key" in delivery(2).error


def test_a_consumer_that_rolls_back_loses_nothing_of_other_events(product):
    handled = []

    def handle(event):
        audit_as(db.session, actor=current_actor(), action="follow-up")
        product.description = str(event.values["number"])
        db.session.flush()
        handled.append(event.values["number"])
        if event.values["number"] == 2:
            db.session.rollback()

    one = consuming.Consumer("test", handle, lambda: ["test.happened"], lambda _: ())
    say(product, 1, 2, 3)
    with as_system("a worker"):
        jobs.sequence()
        for _ in range(20):
            consuming.begin(one)
            db.session.commit()
            try:
                consuming.run_batch(one)
                db.session.commit()
            except (RuntimeError, InvalidRequestError):
                db.session.rollback()
    assert [delivery(number).state for number in (1, 2, 3)] == ["done", "failed", "done"]
    assert handled == [1, 2, 1, *[2] * (consuming.MOST_ATTEMPTS - 1), 3]


def test_what_a_consumer_does_is_the_events_own_change_and_its_jobs_are_for_the_events_company(product):
    user = make_user()
    done, jobs_of = [], []

    def handle(event):
        audit_as(db.session, actor=current_actor(), action="follow-up")
        done.append((change_id(db.session), current_tenant().sees_all, current_actor().username))
        jobs_of.append(Caller.present())

    one = consuming.Consumer("test", handle, lambda: ["test.happened"], lambda _: ())
    publish("test.happened", about=user, actor=user, number=1)
    publish("test.happened", about=product, actor=None, number=2, client_id=user.client_id)
    db.session.commit()
    with as_system("a worker"):
        jobs.sequence()
        consuming.run_batch(one)
    assert len({change for change, *_ in done}) == 2
    assert [rest for _, *rest in done] == [[True, user.username], [True, "system"]]
    assert {one.tenant for one in jobs_of} == {TenantContext(client_id=user.client_id)}
    assert [(one.actor.username, one.actor.id) for one in jobs_of] == [(user.username, user.id), ("system", None)]


@pytest.mark.parametrize(("kind", "value"), [(int, True), (date, datetime(2026, 11, 30, 12, 0)), (str, 1)])
def test_a_value_that_would_not_be_read_again_is_refused(kind, value):
    with pytest.raises(TypeError):
        EventType("test.typed", {"value": kind}).dump({"value": value})


@pytest.mark.parametrize("kind", [int, Decimal, date, UUID])
def test_a_value_that_an_earlier_release_wrote_differently_stays_as_it_is(kind):
    assert EventType("test.typed", {"value": kind}).load({"value": "a few"}) == {"value": "a few"}


def rows(model):
    return db.session.scalar(select(func.count()).select_from(model))
