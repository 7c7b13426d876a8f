"""The people in memory are never older than the last commit of anybody."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from app.assistants.matching import index as indexing
from app.assistants.matching.facts import Booking
from app.assistants.matching.index import EXTENSION, Index, candidate_of, everybody, own_ask
from app.assistants.matching.reading import read_everybody
from app.assistants.models import Assistant, AssistantSkill, Reservation, TimeOff
from app.assistants.profiles.answers import assistants_as_json
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now, today
from app.core.database_errors import Unavailable
from app.core.database_login import database_login
from app.extensions import db
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_match

pytestmark = pytest.mark.committed


@pytest.fixture
def index(app, committed_db, monkeypatch):
    with app.app_context():
        made = Index(partial(database_login(app).connect, committed_db))
        monkeypatch.setitem(app.extensions, EXTENSION, made)
        yield made
        made.close()


@contextmanager
def changing(action="update"):
    audit_as(db.session, actor=SYSTEM, action=action)
    yield
    db.session.commit()


def in_memory():
    with everybody() as people:
        return {person.id: person for person in people.persons if person is not None}


def in_database():
    return {person.id: person for person in read_everybody(own_ask())}


def test_every_kind_of_change_is_there_at_the_next_look(index):
    excel, word = make_skill("Excel"), make_skill("Word")
    one, other = make_assistant(skills=[(excel, 4)]), make_assistant(skills=[word])
    assert in_memory() == in_database()
    match = make_match(assistant=one, status="accepted", hours_per_week=8)
    assert in_memory()[one.id].bookings[0].hours == 8
    with changing():
        db.session.get_one(Assistant, one.id).hourly_rate = Decimal(77)
    with changing():
        db.session.add(TimeOff(assistant_id=one.id, starts_on=today(), ends_on=today() + timedelta(days=3)))
    assert in_memory()[one.id].time_off == ((today(), today() + timedelta(days=3)),)
    with changing():
        db.session.execute(update(AssistantSkill).where(AssistantSkill.assistant_id == one.id).values(level=2))
    assert in_memory()[one.id].levels == b"\x02"
    with changing():
        db.session.execute(text("delete from assistant_skills where assistant_id = :id"), {"id": other.id})
    with changing("complete"):
        db.session.delete(db.session.scalars(select(Reservation).where(Reservation.match_id == match.id)).one())
    assert in_memory()[one.id].bookings == ()
    assert in_memory() == in_database()
    with changing("archive"):
        db.session.get_one(Assistant, one.id).archived_at = now()
    assert in_memory().keys() == {other.id}
    with changing("restore"):
        db.session.get_one(Assistant, one.id).archived_at = None
    make_assistant(skills=[excel])
    assert in_memory() == in_database()


def test_what_began_before_a_look_and_ended_after_it_is_not_missed(index, committed_db):
    person = make_assistant(skills=["Excel"])
    in_memory()
    with psycopg.connect(committed_db) as early, psycopg.connect(committed_db) as late:
        early.execute("update assistants set hourly_rate = 61 where id = %s", [person.id])
        other = late.execute("update assistants set about = 'new' where false returning id").fetchall()
        assert other == []
        late.execute("insert into skills (id, name, slug, category, created_at, updated_at) "
                     "values (gen_random_uuid(), 'Late', 'late', 'Office', now(), now())")  # fmt: skip
        late.commit()
        assert in_memory()[person.id].rate == 30
        early.commit()
    assert in_memory()[person.id].rate == 61


def test_what_is_rolled_back_never_was(index, committed_db):
    person = make_assistant(skills=["Excel"])
    in_memory()
    with psycopg.connect(committed_db) as other:
        other.execute("update assistants set hourly_rate = 61 where id = %s", [person.id])
        in_memory()
        other.rollback()
    assert in_memory()[person.id].rate == 30


def test_only_what_changed_is_read_again(index, monkeypatch):
    people = [make_assistant(skills=["Excel"]) for _ in range(5)]
    in_memory()
    read = []
    exact = indexing.read_people
    monkeypatch.setattr(indexing, "read_people", lambda ask, ids: read.append(ids) or exact(ask, ids))
    for rate in range(50, 60):
        in_memory()
        read.clear()
        with changing():
            db.session.get_one(Assistant, people[2].id).hourly_rate = Decimal(rate)
        in_memory()
        in_memory()
        if read == [[people[2].id]]:
            return
        time.sleep(0.2)  # while a transaction of another test is open on this server, more may be read again
    pytest.fail(f"read again: {read}")


def test_a_lost_connection_is_replaced(index, committed_db):
    person = make_assistant(skills=["Excel"])
    in_memory()
    with psycopg.connect(committed_db, autocommit=True) as other:
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity "
                      "where application_name = 'assistants-index' and datname = current_database()")  # fmt: skip
        other.execute("update assistants set hourly_rate = 62 where id = %s", [person.id])
    assert in_memory()[person.id].rate == 62


def test_without_a_database_nothing_old_is_told(index, monkeypatch):
    in_memory()

    def refuse(**_options):
        raise psycopg.OperationalError("no")

    index.close()
    monkeypatch.setattr(index, "_connect", refuse)
    with pytest.raises(Unavailable), everybody():
        pass


def test_many_threads_see_what_was_committed_before_they_asked(app, index):
    people = [make_assistant(skills=["Excel"]) for _ in range(3)]
    ids = [person.id for person in people]
    wrong, stop = [], threading.Event()
    committed = {key: Decimal(30) for key in ids}

    def look():
        while not stop.is_set():
            before = dict(committed)
            with index.fresh() as crowd:
                seen = {key: crowd.persons[crowd.row_of[key]].rate for key in ids}
            wrong.extend(key for key in ids if seen[key] < before[key])

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(40):
        with changing():
            db.session.get_one(Assistant, ids[number % 3]).hourly_rate = Decimal(31 + number)
        committed[ids[number % 3]] = Decimal(31 + number)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_answers_are_kept_until_their_assistant_changes(index, monkeypatch):
    person = make_assistant(name="Before", skills=["Excel"])
    in_memory()
    first = assistants_as_json([person.id])[person.id]
    with monkeypatch.context() as patch:
        patch.setattr("app.assistants.profiles.answers._made", lambda _ids: pytest.fail("made again"))
        assert assistants_as_json([person.id])[person.id] is first
    with changing():
        db.session.get_one(Assistant, person.id).name = "After"
    in_memory()
    assert b'"After"' in assistants_as_json([person.id])[person.id]


def test_an_answer_that_was_read_before_a_change_is_not_kept_after_it(index):
    person = make_assistant(skills=["Excel"])
    in_memory()
    edition, kept = index.answers_for([person.id])
    assert kept == {}
    with changing():
        db.session.get_one(Assistant, person.id).name = "After"
    in_memory()
    index.keep_answers(edition, {person.id: b"old"})
    assert index.answers_for([person.id])[1] == {}


def test_a_single_candidate_is_read_whether_archived_or_not(app, committed_db):
    with app.app_context():
        person = make_assistant(skills=[("Excel", 4)], archived=True)
        make_match(status="accepted", hours_per_week=8)
        found = candidate_of(person.id)
        assert found is not None
        assert found.is_archived
        assert list(found.levels.values()) == [4]
        assert candidate_of(make_skill("Word").id) is None
        booked = db.session.scalars(select(Reservation)).one()
        assert candidate_of(booked.assistant_id).bookings == (Booking(booked.starts_on, booked.ends_on, Decimal(8)),)
        assert db.session.scalar(select(func.count()).select_from(Assistant)) == 2
