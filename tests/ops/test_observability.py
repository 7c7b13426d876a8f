"""Request ids, log lines, health and figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tzdata
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from app.extensions import db
from app.web.metrics import forget_dead


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("given", ["abc-123", "01a2047f-9150-743e-b031-578940153001", "Root=1-67a/b+c:d_e."])
def test_a_sane_request_id_comes_back(client: FlaskClient, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "has space", "x" * 129, "<script>", "é"])
def test_an_odd_request_id_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 36


@pytest.mark.parametrize("path", ["/nothing-here", "/api/nothing-here", "/admin/products", "/api/products"])
def test_every_answer_carries_a_request_id(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"X-Request-ID": "mine"}).headers["X-Request-ID"] == "mine"


def test_a_request_is_one_line_without_its_query(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    client.get("/healthz?token=t0psecret", headers={"X-Request-ID": "r-1"})
    found = [line for line in lines(capsys) if line["event"] == "request"]
    assert len(found) == 1
    line = found[0]
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("GET", "/healthz", 200, "r-1")
    assert line["address"] == "127.0.0.1"
    assert line["ms"] >= 0
    assert line["timestamp"].endswith("Z")


def test_readiness_tells_of_each_part(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["parts"]["database"]["ok"]
    assert answer.json["parts"]["migrations"]["ok"]
    assert answer.json["parts"]["workers"] == {"alive": 0}
    assert answer.json["parts"]["time_zones"] == {"version": tzdata.IANA_VERSION}
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_a_database_the_process_lives_but_is_not_ready(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        engines = db.engines
    monkeypatch.setitem(engines, None, create_engine("postgresql+psycopg://nobody@/none?host=/nonexistent"))
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["status"] == "not ready: database"


def test_an_old_schema_is_not_ready(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.health.is_current", lambda _connection: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "not ready: migrations")


def test_figures_are_for_loopback(client: FlaskClient) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert 'diglit_requests_total{endpoint="health.healthz",method="GET",status="200"}' in answer.text
    assert 'diglit_jobs{state="todo"}' in answer.text
    assert "diglit_workers" in answer.text


@pytest.mark.parametrize(
    "sent",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}},
        {"headers": {"X-Forwarded-For": "192.0.2.1"}},
        {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}, "headers": {"Authorization": "Bearer wrong"}},
    ],
)
def test_figures_are_not_for_others(client: FlaskClient, sent: dict[str, Any]) -> None:
    assert client.get("/metrics", **sent).status_code == 403


def test_figures_are_for_whoever_has_the_token(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = app.config["SETTINGS"].model_copy(update={"metrics_token": "a-long-metrics-token"})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    far = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-metrics-token"}, **far).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "a-long-metrics-token"}, **far).status_code == 403


def test_what_a_killed_process_held_is_not_counted_any_more(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    here = os.getpid()
    kept = {f"gauge_livesum_{here}.db", f"counter_{here}.db", f"counter_{killed.pid}.db"}
    for name in (*kept, f"gauge_livesum_{killed.pid}.db"):
        (tmp_path / name).touch()
    forget_dead(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == kept
