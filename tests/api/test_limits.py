"""Rate limits, exact over all processes of a machine."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.web import limits
from app.web.limit_store import MappedStorage
from config import ROOT

COUNTER = """
import sys
from pathlib import Path
from app.web.limit_store import MappedStorage
from app.web.limits import Limiter
limiter = Limiter(MappedStorage(Path(sys.argv[1])))
print(sum(limiter.hit("requests", "address:192.0.2.1").allowed for _ in range(400)))
"""


@pytest.fixture
def store(tmp_path):
    return MappedStorage(tmp_path / "rate-limits")


@pytest.fixture
def limited(app, store, monkeypatch):
    monkeypatch.setitem(app.extensions, limits.EXTENSION, limits.Limiter(store))
    monkeypatch.setitem(limits.LIMITS, "requests", limits.parse("5/minute"))


def test_answers_tell_how_the_caller_stands(limited, client):
    answer = client.get("/api")
    for prefix in ("RateLimit", "X-RateLimit"):
        assert (answer.headers[f"{prefix}-Limit"], answer.headers[f"{prefix}-Remaining"]) == ("5", "4")
    assert 0 < int(answer.headers["RateLimit-Reset"]) <= 60


def test_too_many_are_refused_on_every_surface(limited, client):
    for _ in range(5):
        assert client.get("/api").status_code == 200
    refused = client.get("/api/products")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.json["type"].endswith("too-many-requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Remaining"] == "0"
    page = client.get("/login")
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "Retry-After" in page.headers
    assert client.get("/healthz").status_code == 200


def test_users_and_addresses_count_by_themselves(limited, client, api, make_user):
    program = api(make_user(role="manager"))
    for _ in range(5):
        client.get("/api")
    assert client.get("/api").status_code == 429
    assert program.get("/api/products").headers["RateLimit-Remaining"] == "4"
    assert client.get("/api", environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200


def test_named_limits_are_counted_for_whom_they_are_about(app, limited):
    with app.test_request_context():
        for _ in range(10):
            limits.hit("sign-in", "anna", "192.0.2.1")
        with pytest.raises(limits.TooManyRequests) as refused:
            limits.hit("sign-in", "anna", "192.0.2.1")
        assert 0 < refused.value.retry_after <= 60
        limits.hit("sign-in", "anna", "192.0.2.2")
        assert all(limits.allows("reset", "anna") for _ in range(5))
        assert not limits.allows("reset", "anna")


def test_requests_go_on_when_counting_fails(app, limited, client, monkeypatch):
    def fail(*_args, **_more):
        raise OSError("no space")

    monkeypatch.setattr(MappedStorage, "incr", fail)
    answer = client.get("/api")
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers


def test_folder_that_cannot_be_written_is_no_obstacle(tmp_path):
    (tmp_path / "file").write_text("")
    limiter = limits.Limiter(MappedStorage(tmp_path / "file" / "rate-limits"))
    assert limiter.hit("requests", "x").remaining == 599


def test_windows_end(store, monkeypatch):
    limiter = limits.Limiter(store)
    assert [limiter.hit("reset", "anna").allowed for _ in range(6)] == [True] * 5 + [False]
    monkeypatch.setattr("app.web.limit_store.time.time", lambda: 4_000_000_000.0)
    assert limiter.hit("reset", "anna").allowed


def test_full_bucket_gives_up_the_counter_that_expires_first(store, monkeypatch):
    monkeypatch.setattr("app.web.limit_store._BUCKETS", 1)
    for number in range(16):
        store.incr(f"key-{number}", 60 + number)
    store.incr("one more", 600)
    assert store.get("key-0") == 0
    assert all(store.get(f"key-{number}") == 1 for number in range(1, 16))


def test_threads_and_processes_count_together(tmp_path):
    path = tmp_path / "rate-limits"

    def process(_):
        run = subprocess.run(
            [sys.executable, "-c", COUNTER, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return int(run.stdout)

    with ThreadPoolExecutor(3) as threads:
        allowed = list(threads.map(process, range(3)))
    assert sum(allowed) == 600
