"""Limits that several machines count together, in PostgreSQL."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.core.counters import forget_expired
from app.extensions import db
from app.web import limits
from app.web.limit_store import MappedStorage
from app.web.shared_limit_store import DatabaseStorage
from config import ROOT

MACHINE = """
import sys
from app import create_app
from app.extensions import db
from app.web.limits import Limiter
from app.web.shared_limit_store import DatabaseStorage
from config import Settings
values = {"APP_ENV": "testing", "SECRET_KEY": "k" * 40, "DATABASE_URL": sys.argv[1], "DATABASE_ROLES": "tests"}
app = create_app(Settings.model_validate(values))
with app.app_context():
    shared = DatabaseStorage(lambda: db.engine)
    limiter = Limiter(shared, shared)
    print(sum(limiter.hit("sign-in", "anna", "192.0.2.1").allowed for _ in range(8)))
"""


@pytest.fixture
def limiter(app, committed_db, tmp_path):
    with app.app_context():
        yield limits.Limiter(MappedStorage(tmp_path / "limits"), DatabaseStorage(lambda: db.engine))


@pytest.mark.committed
def test_two_machines_on_one_database_allow_ten_tries_and_no_more(committed_db):
    def machine(_):
        run = [sys.executable, "-c", MACHINE, committed_db]
        done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
        return int(done.stdout) if done.returncode == 0 else pytest.fail(done.stderr[-2000:])

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(machine, range(2))) == 10


@pytest.mark.committed
def test_a_hundred_at_once_are_counted_exactly(app, limiter):
    def hit(_):
        with app.app_context():
            return limiter.hit("registration", "192.0.2.1").allowed

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(hit, range(100))) == 20


@pytest.mark.committed
def test_windows_end_and_are_forgotten(limiter):
    assert [limiter.hit("reset", "anna").allowed for _ in range(6)] == [True] * 5 + [False]
    standing = limiter.look("reset", "anna")
    assert (standing.limit, standing.remaining, standing.allowed) == (5, 0, False)
    assert 3_500 < standing.seconds_left <= 3_600
    with db.engine.begin() as connection:
        connection.execute(text("update counters set expires_at = now() - interval '1 second'"))
    assert limiter.hit("reset", "anna").remaining == 4
    limiter.hit("reset", "bert")
    with db.engine.begin() as connection:
        connection.execute(text("update counters set expires_at = now() - interval '1 second' where count = 1"))
    limiter.hit("reset", "anna")
    forget_expired(db.session)
    db.session.commit()
    assert db.session.scalar(text("select count(*) from counters")) == 1


@pytest.mark.committed
def test_what_is_given_back_counts_no_more(limiter):
    for _ in range(3):
        limiter.hit("sign-in", "anna", "x")
    limiter.give_back("sign-in", "anna", "x")
    assert limiter.look("sign-in", "anna", "x").remaining == 8
    limiter.clear("sign-in", "anna", "x")
    assert limiter.look("sign-in", "anna", "x").remaining == 10
    limiter.give_back("sign-in", "anna", "x")
    assert limiter.look("sign-in", "anna", "x").remaining == 10


@pytest.mark.committed
def test_the_table_holds_no_address_and_no_name(limiter):
    limiter.hit("sign-in", "anna@example.com", "192.0.2.1")
    row = db.session.execute(text("select key, count from counters")).one()
    assert (len(row.key), row.count) == (16, 1)


@pytest.mark.committed
def test_requests_are_counted_by_the_machine(limiter):
    assert limiter.hit("requests", "address:192.0.2.1").remaining == 599
    assert db.session.scalar(text("select count(*) from counters")) == 0


def test_a_database_that_is_away_lets_pass(app, db_session, tmp_path):
    # The tests' database can only be read from other connections.
    limiter = limits.Limiter(MappedStorage(tmp_path / "limits"), DatabaseStorage(lambda: db.engine))
    assert limiter.hit("sign-in", "anna", "192.0.2.1") is None


@pytest.mark.committed
def test_a_sign_in_that_fails_is_counted_although_its_request_is_rolled_back(app, client, limiter, monkeypatch):
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limiter)
    body = {"username": "nobody", "password": "wrong horse battery"}
    answers = [client.post("/api/auth/login", json=body).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
