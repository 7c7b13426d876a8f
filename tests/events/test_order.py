"""No consumer skips an event, however late its transaction commits, and nobody waits for anybody."""

import random
import threading
import time

import pytest
from sqlalchemy import func, select, text

from app.core.events import Event, publish
from app.core.events.models import Delivery, PublishedEvent
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.events import consuming, sequencing
from app.extensions import db
from app.projects.models import Milestone
from tests.factories.catalogue import make_product
from tests.factories.events import deliver, seen
from tests.factories.projects import make_project


@pytest.fixture(autouse=True)
def seen_afresh():
    seen.clear()


@pytest.fixture
def product(committed_db, db_session):
    made = make_product()
    db.session.commit()
    consuming.ensure_places()
    db.session.commit()
    return made


def say(product, number):
    publish("test.happened", about=product, actor=None, number=number)


def in_a_thread(app, product, numbers, wait):
    """Publish the numbers in one transaction, and commit it when `wait` returns."""

    def work():
        with app.app_context(), as_system("a test"):
            about = db.session.merge(product, load=False)
            for number in numbers:
                say(about, number)
            published.set()
            wait()
            db.session.commit()

    published = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    assert published.wait(30)
    return thread


def test_an_event_whose_transaction_commits_late_is_not_skipped(app, product):
    go = threading.Event()
    late = in_a_thread(app, product, [1], go.wait)
    say(product, 2)
    db.session.commit()
    deliver()
    assert seen == [2]
    go.set()
    late.join()
    deliver()
    assert seen == [2, 1]
    ids = db.session.execute(select(Event.id, Event.data["number"].as_integer()).order_by(Event.id)).all()
    assert [number for _, number in ids] == [2, 1]


def start(*works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


def wait_for(threads):
    for thread in threads:
        thread.join()


def test_a_reader_misses_none_of_a_hundred_transactions_that_commit_in_any_order(app, product):
    dice = random.Random(20261130)
    open_at_once = threading.Semaphore(20)
    read: list[int] = []
    done = threading.Event()

    def publisher(number, wait):
        def work():
            with open_at_once, app.app_context(), as_system("a test"):
                say(db.session.merge(product, load=False), number)
                time.sleep(wait)
                db.session.commit()

        return work

    def sequence():
        with app.app_context(), as_system("a test"):
            while not done.is_set():
                sequencing.sequence_events(7)
                db.session.commit()

    def read_on():
        with app.app_context(), as_system("a test"):
            last = 0
            while len(read) < 100 and not done.wait(0.001):
                found = db.session.scalars(select(Event).where(Event.id > last).order_by(Event.id).limit(5)).all()
                read.extend(event.values["number"] for event in found)
                last = found[-1].id if found else last
                db.session.rollback()

    (reader,) = start(read_on)
    others = start(sequence, sequence)
    wait_for(start(*(publisher(number, dice.uniform(0, 0.2)) for number in range(100))))
    reader.join(60)
    done.set()
    wait_for(others)
    assert sorted(read) == list(range(100))


def test_ten_thousand_events_in_a_transaction_hold_nobody_up(app, product):
    go = threading.Event()
    many = in_a_thread(app, product, range(100_000, 110_000), go.wait)
    began = time.monotonic()
    for number in range(5):
        say(product, number)
        db.session.commit()
        deliver()
    assert seen == [0, 1, 2, 3, 4]
    assert time.monotonic() - began < 3
    go.set()
    many.join()
    say(product, 5)
    db.session.commit()
    deliver()
    assert sorted(seen) == [*range(6), *range(100_000, 110_000)]
    assert [number for number in seen if number >= 100_000] == list(range(100_000, 110_000))


def test_what_is_rolled_back_never_happened(product):
    say(product, 1)
    db.session.rollback()
    deliver()
    assert seen == []
    assert db.session.scalar(select(func.count()).select_from(PublishedEvent)) == 0


def test_two_sequencers_do_not_wait_for_each_other(app, product):
    say(product, 1)
    db.session.commit()
    assert sequencing.sequence_events() == ["test.happened"]
    with app.app_context(), as_system("a test"):
        db.session.execute(text("set local lock_timeout = '1s'"))
        assert sequencing.sequence_events() == []
        db.session.rollback()
    db.session.commit()
    deliver()
    assert seen == [1]


def test_two_workers_at_one_consumer_do_not_double(app, product):
    say(product, 1)
    db.session.commit()
    sequencing.sequence_events()
    db.session.commit()
    one = consuming.consumer_named("test")
    consuming.run_batch(one)
    with app.app_context(), as_system("a test"):
        assert consuming.run_batch(one) is None
        db.session.rollback()
    db.session.commit()
    consuming.run_batch(one)
    db.session.commit()
    assert seen == [1]
    assert db.session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_an_event_about_a_part_that_is_just_made_is_for_the_records_company(db_session):
    project = make_project()
    part = Milestone(id=new_id(), project_id=project.id, position=0, title="First")
    db.session.add(part)
    publish("test.happened", about=part, within=project, actor=None, number=1)
    assert db.session.scalars(select(PublishedEvent.client_id)).one() == project.client_id
