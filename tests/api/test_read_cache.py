"""Kept public reads: the same answers, and none older than the last acknowledged write of any process."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Event

import psycopg
import pytest
from sqlalchemy import event, text

from app.api import cached
from app.core.clock import frozen
from app.core.read_cache import Kept, ReadCache
from app.core.versions import LookFailed, SharedLook
from app.extensions import db
from app.web import limits
from app.web.limit_store import MappedStorage
from config import ROOT
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_team

pytestmark = pytest.mark.committed

OTHER_PROCESS = """
import json, sys
from app import create_app
from app.api import cached
from app.web import limits
app = create_app()
cached.switch_on(app)
client = app.test_client()
print("ready", flush=True)
for line in sys.stdin:
    path = line.strip()
    print(json.dumps([client.get(path).text, client.get(path).text]), flush=True)
"""


@pytest.fixture
def cache(app, committed_db, db_session):
    yield cached.switch_on(app)
    app.extensions.pop(cached.EXTENSION).lookout.close()


@pytest.fixture
def manager(api, make_user):
    return api(make_user(role="manager"))


@pytest.fixture
def asked(app, db_session):
    """The statements that the framework's sessions send."""
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


PATHS = [
    "/api/products",
    "/api/products?limit=1&sort=name",
    "/api/products?q=analytics",
    "/api/solutions",
    "/api/services",
]


@pytest.mark.parametrize("path", PATHS)
def test_kept_answer_equals_the_one_that_was_made(app, cache, client, asked, path, make_product, make_solution):
    products = [make_product(name=f"Analytics {number}") for number in range(3)]
    make_solution(products=products)
    kept = app.extensions.pop(cached.EXTENSION)
    plain = client.get(path)
    app.extensions[cached.EXTENSION] = kept
    client.get(path)
    asked.clear()
    answer = client.get(path)
    assert asked == []
    assert answer.data == plain.data
    of_one_request = {"X-Request-ID"}
    assert {n: v for n, v in answer.headers if n not in of_one_request} == {
        n: v for n, v in plain.headers if n not in of_one_request
    }
    assert answer.headers["X-Request-ID"] != client.get(path).headers["X-Request-ID"]


def test_one_record_is_kept_under_each_of_its_names(cache, client, asked, make_product):
    product = make_product()
    for path in (f"/api/products/{product.id}", f"/api/products/{product.slug}", f"/api/v1/products/{product.id}"):
        first = client.get(path)
        asked.clear()
        assert client.get(path).data == first.data
        assert asked == []


def test_kept_answer_obeys_if_none_match(cache, client, make_product):
    product = make_product()
    path = f"/api/products/{product.id}"
    etag = client.get(path).headers["ETag"]
    client.get(path)
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert "Content-Type" not in again.headers
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    first_of_all = client.get(f"/api/products/{product.slug}", headers={"If-None-Match": etag})
    assert first_of_all.status_code == 304


def test_every_acknowledged_write_shows_at_once(cache, client, manager, make_product):
    product = make_product(name="Before")
    path = f"/api/products/{product.id}"

    def names():
        return [client.get(path).json.get("name"), *(each["name"] for each in client.get("/api/products").json)]

    assert names() == names() == ["Before", "Before"]
    manager.patch(path, json={"name": "After"})
    assert names() == names() == ["After", "After"]
    manager.delete(path)
    assert names() == names() == [None]
    manager.post(f"{path}/restore")
    assert names() == names() == ["After", "After"]
    db.session.execute(text("update products set name = 'By hand'"))
    db.session.commit()
    assert names() == names() == ["By hand", "By hand"]


def test_change_of_a_part_shows_in_the_whole(cache, client, manager, make_product, make_solution):
    product = make_product(name="Before")
    solution = make_solution(products=[product])
    path = f"/api/solutions/{solution.id}"
    assert client.get(path).json["products"][0]["name"] == "Before"
    manager.patch(f"/api/products/{product.id}", json={"name": "After"})
    assert client.get(path).json["products"][0]["name"] == "After"
    manager.patch(path, json={"product_ids": []})
    assert client.get(path).json["products"] == []


def test_word_that_another_table_teaches_changes_what_a_search_finds(cache, client, make_product, make_solution):
    make_product(name="Forecast")
    before = client.get("/api/products?q=forecasd")
    assert before.headers.get("X-Search-Correction") == "forecasd=forecast"
    make_solution(name="Forecasd")
    assert "X-Search-Correction" not in client.get("/api/products?q=forecasd").headers
    assert "X-Search-Correction" not in client.get("/api/products?%71=forecasd").headers


def test_staff_see_past_the_cache_and_leave_nothing_in_it(cache, client, manager, make_product):
    product = make_product(archived=True)
    assert manager.get(f"/api/products/{product.id}").status_code == 200
    assert manager.get("/api/products?include_archived=true").json
    assert client.get(f"/api/products/{product.id}").status_code == 404
    assert client.get("/api/products?include_archived=true").status_code == 401


def test_rate_limit_counts_kept_answers(app, cache, client, make_product, monkeypatch, tmp_path):
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(MappedStorage(tmp_path / "limits")))
    monkeypatch.setitem(limits.LIMITS, "requests", limits.parse("3/minute"))
    make_product()
    left = [client.get("/api/products").headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get("/api/products")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")


def test_answer_made_while_another_writes_is_not_taken_for_new(app, cache, client, manager, make_product, monkeypatch):
    """The versions are read before the data: a commit in between only costs a second reading."""
    product = make_product(name="Before")
    path = f"/api/products/{product.id}"
    look = cache.lookout.look

    def look_then_write():
        versions = look()
        monkeypatch.setattr(cache.lookout, "look", look)
        manager.patch(path, json={"name": "After"})
        return versions

    monkeypatch.setattr(cache.lookout, "look", look_then_write)
    assert client.get(path).json["name"] == "After"
    manager.patch(path, json={"name": "Later"})
    assert client.get(path).json["name"] == "Later"


def test_database_that_does_not_answer_leaves_the_ordinary_way(cache, client, make_product, monkeypatch):
    make_product()

    def fail():
        raise LookFailed

    monkeypatch.setattr(cache.lookout, "look", fail)
    assert client.get("/api/products").status_code == 200


def test_lost_connection_is_made_again(cache, client, make_product, committed_db):
    make_product()
    assert client.get("/api/products").json
    with psycopg.connect(committed_db) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'read-cache'"
            " and datname = current_database()"
        )
    assert client.get("/api/products").json
    assert cache.lookout.look()


def test_memory_is_bounded_and_the_oldest_goes(committed_db):
    cache = ReadCache(psycopg.connect, capacity=100_000)
    for number in range(100):
        cache.keep(number, Kept((), (), b"x" * 9_000, "e", "p", None, {}))
    assert cache.find(0, {}) is None
    assert cache.find(99, {}) is not None
    assert sum(kept.size for number in range(100) if (kept := cache.find(number, {}))) <= 100_000
    cache.keep("huge", Kept((), (), b"x" * 50_000, "e", "p", None, {}))
    assert cache.find("huge", {}) is None


def test_looks_are_shared_but_never_with_one_that_began_earlier():
    begun, may_end = Event(), Event()
    answers = iter([{b"t": b"old"}, {b"t": b"new"}, {b"t": b"newer"}])
    looks = []

    def ask():
        looks.append(1)
        answer = next(answers)
        if len(looks) == 1:
            begun.set()
            may_end.wait(5)
        return answer

    look = SharedLook(ask, patience=5)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(look)
        begun.wait(5)
        later = [threads.submit(look) for _ in range(8)]
        while look._turn._waiters.__len__() < 8:
            pass
        may_end.set()
        assert first.result(5) == {b"t": b"old"}
        assert {future.result(5)[b"t"] for future in later} == {b"new"}
    assert len(looks) == 2


def test_other_process_never_answers_older_than_an_acknowledged_write(
    app, committed_db, manager, make_product, tmp_path
):
    settings = app.config["SETTINGS"]
    product = make_product(name="Name 0")
    environment = os.environ | {
        "APP_ENV": "testing", "DATABASE_URL": committed_db, "SECRET_KEY": "x" * 40, "RATE_LIMITS": "off",
        "DATA_DIR": str(tmp_path), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    assert settings.database_url == committed_db
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS], cwd=ROOT, env=environment, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        while (line := other.stdout.readline()) and line.strip() != "ready":
            pass
        for number in range(1, 30):
            path = f"/api/products/{product.id}" if number % 2 else "/api/products"
            assert manager.patch(f"/api/products/{product.id}", json={"name": f"Name {number}"}).status_code == 200
            other.stdin.write(f"{path}\n")
            for answer in json.loads(other.stdout.readline()):
                assert f'"Name {number}"' in answer
        other.stdin.close()


def test_readers_at_once_never_see_older_than_what_was_acknowledged(app, cache, manager, make_product):
    product = make_product(name="0000")
    path = f"/api/products/{product.id}"
    acknowledged = ["0000"]
    done = Event()
    start = Barrier(5)

    def read():
        client = app.test_client()
        start.wait()
        reads = 0
        while not done.is_set():
            before = acknowledged[0]
            with app.app_context():
                assert client.get(path).json["name"] >= before
            reads += 1
        return reads

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read) for _ in range(4)]
        start.wait()
        try:
            for number in range(1, 60):
                manager.patch(path, json={"name": f"{number:04}"})
                acknowledged[0] = f"{number:04}"
        finally:
            done.set()
        assert all(reader.result() for reader in readers)


def test_what_tells_of_this_week_is_made_anew_on_another_day(cache, client):
    monday = datetime(2026, 12, 7, tzinfo=UTC)
    team = make_team(members=[make_assistant(weekly_hours=40, time_off=[(date(2026, 12, 7), date(2026, 12, 13))])])
    path = f"/api/expert-teams/{team.id}"
    with frozen(monday - timedelta(minutes=1)):
        assert [client.get(path).json["capacity_free"] for _ in range(2)] == [40.0, 40.0]
    with frozen(monday):
        assert client.get(path).json["capacity_free"] == 0.0
