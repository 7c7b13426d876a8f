"""A planted secret goes out where its author wants it, and is found nowhere else: by any spelling, in any table, in the
logs, on any page."""

# ruff: noqa: E501 - a table of steps

import base64
import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.effects import add_secret, run_step, use_settings
from tests.automations.running import drain, steps_of
from tests.factories.automations import make_automation, make_run
from tests.integrations.web import Web, answer, web

SECRET = 'pl4nted/S3cret+"ü\\&=x'
SPELLINGS = {
    SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), json.dumps(SECRET)[1:-1],
    json.dumps(SECRET, ensure_ascii=False)[1:-1], html.escape(SECRET), SECRET.encode().hex(),
    base64.b64encode(SECRET.encode()).decode().rstrip("="), base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    "pl4nted",
}  # fmt: skip
COLUMNS = """
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type in ('text', 'character varying', 'json', 'jsonb', 'ARRAY')
"""


def echo(handler: Any) -> None:
    """Says back all that it heard, in several spellings."""
    said = {
        "path": handler.path, "headers": dict(handler.headers), "plain": SECRET, "quoted": quote(SECRET),
        "coded": base64.b64encode(f"ann:{SECRET}".encode()).decode(), SECRET: 1, "markup": html.escape(SECRET),
    }  # fmt: skip
    status = int(handler.headers.get("X-Status", "200"))
    answer(handler, status, json.dumps(said), Content_Type="application/json", X_Echo=quote(SECRET))


@pytest.fixture
def planted(
    app: Flask, db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Web]:
    use_settings(app, monkeypatch)
    with web() as told, as_system("a test of the runner"):
        for path in ("/echo", "/" + quote(SECRET)):
            told.does[path] = echo
        yield told


def run_all(there: Web) -> Any:
    """Steps that use the secret in each place, some of which fail in each way."""
    url, secret = there.url, "{{ secrets.KEY }}"
    everywhere = {
        "method": "POST", "url": url + "/echo?k={{ url_encode(secrets.KEY) }}", "query": {"q": secret},
        "headers": {"X-Key": "{{ url_encode(secrets.KEY) }}", "Authorization": "{{ basic_auth('ann', secrets.KEY) }}"},
        "json": {"key": secret, "in": ["a {{ secrets.KEY }} b"]},
    }  # fmt: skip
    steps = [
        {"id": "http", "type": "http", "with": everywhere},
        {"id": "down", "type": "http", "with": {**everywhere, "headers": {"X-Status": "503"}}, "on_error": "continue"},
        {"id": "away", "type": "http", "with": {"url": "http://127.0.0.1:1/{{ secrets.KEY }}"}, "on_error": "continue"},
        {"id": "wrong", "type": "http", "with": {"url": "ftp://{{ secrets.KEY }}/"}, "on_error": "continue"},
        {"id": "header", "type": "http", "with": {"url": url, "headers": {"X": "{{ secrets.KEY }}\n"}}, "on_error": "continue"},
        {"id": "type", "type": "http", "with": {"url": url, "method": "{{ secrets.KEY }}"}, "on_error": "continue"},
        {"id": "path", "type": "http", "with": {"url": url + "/{{ url_encode(secrets.KEY) }}"}, "on_error": "continue"},
        {"id": "broken", "type": "sms", "with": {"to": "{{ secrets.KEY }}", "text": "{{ secrets.KEY }}"}, "on_error": "continue"},
        {"id": "mail", "type": "email", "with": {"to": "a@example.com", "subject": "{{ secrets.KEY }}", "text": secret}},
        {"id": "nobody", "type": "email", "with": {"to": secret, "subject": "s", "text": secret}, "on_error": "continue"},
        {"id": "chat", "type": "chat", "with": {"url": url + "/echo?{{ url_encode(secrets.KEY) }}", "text": secret}},
        {"id": "math", "type": "http", "with": {"url": "{{ secrets.KEY - 1 }}"}, "on_error": "continue"},
        {"id": "json", "type": "http", "with": {"url": "{{ parse_json(secrets.KEY) }}"}, "on_error": "continue"},
        {"id": "zone", "type": "http", "with": {"url": "{{ today(secrets.KEY) }}"}, "on_error": "continue"},
        {"id": "loop", "type": "for_each", "with": {"items": [1, 2], "step": {"type": "http", "with": everywhere}}},
        {"id": "copy", "type": "transform", "needs": ["http"], "with": {"all": "{{ steps.http.output }}"}},
        {"id": "crash", "type": "http", "with": {"url": url + "/crash?{{ secrets.KEY }}"}, "on_error": "continue"},
        {"id": "end", "type": "http", "needs": ["copy"], "with": {**everywhere, "headers": {"X-Status": "500"}}},
    ]  # fmt: skip
    automation = make_automation(steps)
    add_secret(automation.client_id, "KEY", SECRET)
    runs = [make_run(automation), make_run(automation, dry_run=True)]
    drain()
    return runs


def test_a_planted_secret_is_found_nowhere(
    planted: Web, as_manager: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = EFFECTS["http"]

    def crashing(form: Any, call: Any) -> Any:
        if "/crash" in form.url:
            raise RuntimeError(f"no luck with {form.url}")
        return real(form, call)

    monkeypatch.setitem(EFFECTS, "http", crashing)
    run, rehearsal = run_all(planted)

    heard = [one for one in planted.heard if one.path.startswith("/echo")]
    assert json.loads(heard[0].body)["key"] == SECRET, "it does go where it is wanted"
    steps = steps_of(run)
    assert steps["http"].output["status"] == 200
    assert steps["http"].output["body"]["plain"] == "•••"
    assert {steps[one].status for one in ("down", "away", "wrong", "header", "type", "crash", "math")} == {"failed"}
    assert steps["crash"].error["message"] == f"RuntimeError: no luck with {planted.url}/crash?•••"

    assert columns_that_hold_it() == []
    addresses = [
        f"/admin/automations/{run.automation_id}/runs/{run.id}", f"/admin/automations/{run.automation_id}/runs/{rehearsal.id}",
        "/admin/outbox", f"/admin/automations/{run.automation_id}", "/admin/audit", "/admin/automations/runs",
        "/admin/automations/secrets", "/admin/automations/failures", "/metrics", "/admin/events",
    ]  # fmt: skip
    for address in addresses:
        page = as_manager.get(address)
        assert page.status_code == 200, address
        assert not [one for one in SPELLINGS if one in page.text], address
    said = "".join(capfd.readouterr())
    assert not [one for one in SPELLINGS if one in said]


def columns_that_hold_it() -> list[str]:
    db.session.flush()
    found = []
    for table, column in list(db.session.execute(text(COLUMNS))):
        for one in SPELLINGS:
            query = text(f'select count(*) from "{table}" where position(:one in "{column}"::text) > 0')
            if db.session.scalar(query, {"one": one}):
                found.append(f"{table}.{column}: {one}")
    return found


def test_a_secret_that_is_json_can_be_used_by_its_members(planted: Web) -> None:
    given = {"url": planted.url + "/echo", "headers": {"X-Token": "{{ parse_json(secrets.KEY).token }}"}}
    run, step = run_step("http", given, secrets={"KEY": '{"token": "t0ken-within"}'})
    assert run.status == "succeeded", step.error
    assert planted.heard[0].headers["X-Token"] == "t0ken-within"
    assert step.input == given
