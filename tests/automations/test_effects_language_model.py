"""Steps that ask a language model, against a server that speaks OpenAI's interface."""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from app.automations.definitions.types import LanguageModelWith
from app.automations.effects.language_model import most_cost
from app.automations.outbox.budgets import Account, reserve, settle, this_month
from app.automations.outbox.models import ModelSpending, ModelUsage
from app.core.tenancy import as_system
from app.extensions import db
from app.integrations.language_model.asking import is_strict
from app.integrations.language_model.json_answers import BadSchema, Form, Misfit, example_of
from app.integrations.language_model.prices import most_tokens_in, price_of
from config import Settings
from tests.automations.effects import outbox_of, run_step, use_settings
from tests.factories.accounts import make_client_company
from tests.integrations.web import Web, answer, answers, web

PATH = "/chat/completions"
SCHEMA = {
    "type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"], "additionalProperties": False
}  # fmt: skip
TABLE = ("cheap=1/10", "*=5/30")


def completion(text: str | None, finish: str = "stop", tokens: tuple[int, int] | None = (100, 20), **more: Any) -> str:
    usage = None if tokens is None else {
        "prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)
    }  # fmt: skip
    message = {"role": "assistant", "content": text, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return json.dumps({"id": "c1", "object": "chat.completion", "created": 1, "model": "cheap", "choices": choices,
                       "usage": usage})  # fmt: skip


def says(*texts: str) -> Any:
    """Answers with each text in turn, the last one again and again."""
    left = list(texts)

    def speak(handler: Any) -> None:
        text = left.pop(0) if len(left) > 1 else left[0]
        answer(handler, 200, completion(text), Content_Type="application/json")

    return speak


@pytest.fixture(autouse=True)
def model(app: Flask, db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web() as told, as_system("a test of the runner"):
        told.does[PATH] = says("It is a bill.")
        use_settings(app, monkeypatch, openai_base_url=told.url, openai_api_key="sk-t0psecret", openai_model="cheap",
                     openai_prices=TABLE, openai_monthly_budget=Decimal("1.00"))  # fmt: skip
        yield told


def spent(client_id: Any) -> tuple[Decimal, int, int]:
    row = db.session.get(ModelSpending, (client_id, this_month()), populate_existing=True)
    assert row is not None
    return row.spent, row.tokens, row.calls


def test_the_answer_its_tokens_and_its_cost(model: Web) -> None:
    given = {"prompt": "What is {{ trigger.x }}?", "system": "Be brief.", "max_tokens": 50}
    run, step = run_step("language_model", given, input={"x": "this"})

    assert run.status == "succeeded", step.error
    assert step.output == {"text": "It is a bill.", "json": None, "tokens": 120, "cost": 0.0003}
    [heard] = model.heard
    body = json.loads(heard.body)
    assert body == {
        "model": "cheap", "max_tokens": 50,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is this?"}],
    }  # fmt: skip
    assert heard.headers["Authorization"] == "Bearer sk-t0psecret"
    assert heard.headers["Idempotency-Key"] == str(step.key)
    assert spent(run.client_id) == (Decimal("0.000300"), 120, 1)
    [row] = outbox_of(run)
    assert (row.provider, row.recipient, row.summary, row.answer) == (
        "OpenAI-compatible server", "cheap", "What is this?", "120 tokens, $0.0003"
    )  # fmt: skip


def test_an_answer_is_held_to_its_schema(model: Web) -> None:
    model.does[PATH] = says('{"total": 12.5}')
    _, step = run_step("language_model", {"prompt": "x", "json_schema": SCHEMA})
    assert step.output["json"] == {"total": 12.5}
    form = json.loads(model.heard[0].body)["response_format"]
    assert form == {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}


def test_an_answer_that_does_not_fit_is_sent_back_once(model: Web) -> None:
    model.does[PATH] = says('{"total": "twelve"}', '```json\n{"total": 12}\n```')
    run, step = run_step("language_model", {"prompt": "x", "json_schema": SCHEMA})
    assert run.status == "succeeded", step.error
    assert (step.output["json"], step.output["tokens"]) == ({"total": 12}, 240)
    again = json.loads(model.heard[1].body)["messages"]
    assert again[1] == {"role": "assistant", "content": '{"total": "twelve"}'}
    assert "/total" in again[2]["content"]
    assert spent(run.client_id) == (Decimal("0.000600"), 240, 1)


def test_one_that_never_fits_fails_the_step_and_is_paid_for(model: Web) -> None:
    model.does[PATH] = says("no json")
    given = {"prompt": "x", "json_schema": SCHEMA}
    run, step = run_step("language_model", given, retry={"max_attempts": 5, "backoff_seconds": 0})
    assert (run.status, step.attempts, len(model.heard)) == ("failed", 1, 2)
    assert step.error["message"].startswith("The answer doesn’t match the schema")
    assert spent(run.client_id)[0] == Decimal("0.000600")


def test_a_cut_answer_says_so(model: Web) -> None:
    model.does[PATH] = answers(200, completion("It is", "length"), Content_Type="application/json")
    _, step = run_step("language_model", {"prompt": "x"})
    assert step.output["truncated"] is True
    run, step = run_step("language_model", {"prompt": "x", "json_schema": SCHEMA})
    assert run.status == "failed"
    assert "max_tokens" in step.error["message"]


@pytest.mark.parametrize(
    ("status", "body", "tries"),
    [
        (400, {"error": {"message": "bad request", "code": "x"}}, 1),
        (401, {"error": {"message": "Incorrect API key provided: sk-t0psecret"}}, 1),
        (404, {"error": {"message": "no such model"}}, 1),
        (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 2),
        (429, {"error": {"message": "no money", "code": "insufficient_quota"}}, 1),
        (500, {"error": {"message": "oops"}}, 2),
        (503, "<html>busy</html>", 2),
        (200, "<html>login</html>", 2),
        (200, {"choices": []}, 2),
    ],
)
def test_what_the_server_refuses(model: Web, status: int, body: Any, tries: int) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if isinstance(body, str) else "application/json"
    model.does[PATH] = answers(status, text, Content_Type=kind)
    run, step = run_step("language_model", {"prompt": "x"}, retry={"max_attempts": 2, "backoff_seconds": 0})
    assert (run.status, step.attempts) == ("failed", tries), step.error
    assert "sk-t0psecret" not in json.dumps(step.error)
    if status >= 400:
        assert spent(run.client_id)[0] == 0


def test_a_refusal_of_the_model_fails_the_step(model: Web) -> None:
    model.does[PATH] = answers(200, completion(None, refusal="I can't."), Content_Type="application/json")
    run, step = run_step("language_model", {"prompt": "x"}, retry={"max_attempts": 3})
    assert (run.status, step.attempts) == ("failed", 1)
    assert step.error["message"] == "The model refused to answer: I can't."


def test_a_server_without_usage_is_estimated(model: Web) -> None:
    model.does[PATH] = answers(200, completion("12345678", tokens=None), Content_Type="application/json")
    _, step = run_step("language_model", {"prompt": "x" * 400})
    assert step.output["tokens"] == 101 + 3


def test_over_budget_the_step_fails_without_a_call_and_without_another_try(
    app: Flask, monkeypatch: pytest.MonkeyPatch, model: Web
) -> None:
    use_settings(app, monkeypatch, openai_base_url=model.url, openai_model="cheap", openai_prices=TABLE,
                 openai_monthly_budget=Decimal("0.001"))  # fmt: skip
    run, step = run_step("language_model", {"prompt": "x"}, retry={"max_attempts": 5, "backoff_seconds": 0})
    assert (run.status, step.attempts, model.heard) == ("failed", 1, [])
    assert step.error["message"].startswith("The AI budget isn’t sufficient: the company can spend $0.00 a month")
    assert outbox_of(run) == []


def test_a_call_that_nobody_heard_the_end_of_counts_in_full(model: Web) -> None:
    model.does[PATH] = lambda handler: threading.Event().wait(3)
    run, step = run_step("language_model", {"prompt": "x", "max_tokens": 100}, timeout_seconds=1)
    assert run.status == "failed"
    assert "in time" in step.error["message"]
    assert spent(run.client_id)[0] == most_cost(LanguageModelWith(prompt="x", max_tokens=100))


def test_without_a_model_nothing_leaves(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(app, monkeypatch, openai_base_url=None, openai_api_key=None)
    run, step = run_step("language_model", {"prompt": "x", "json_schema": SCHEMA})
    assert run.status == "succeeded"
    assert (step.output["json"], step.output["cost"]) == ({"total": 0}, 0)
    assert [row.provider for row in outbox_of(run)] == ["stand-in"]


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:1/x"}, {"$ref": "file:///etc/passwd"}, {"pattern": "("}],
)
def test_a_schema_that_is_none_fails_before_anything_is_asked(model: Web, schema: dict[str, Any]) -> None:
    run, step = run_step("language_model", {"prompt": "x", "json_schema": schema})
    assert (run.status, model.heard) == ("failed", [])
    assert step.error["message"].startswith("json_schema isn’t a JSON Schema")
    assert spent(run.client_id)[0] == 0


def test_the_price_of_a_model() -> None:
    table = ("gpt-5=1.25/10.00", "gpt-5-mini=0.25/2.00", "*=5.00/30.00")
    assert price_of("gpt-5-mini", table).of(1_000_000, 0) == Decimal("0.25")
    assert price_of("gpt-5-2026-03-01", table).of(0, 1_000_000) == 10
    assert price_of("gpt-5-pro", table).of(1_000_000, 0) == 5
    assert price_of("x", ()).of(10, 10) == 0
    assert price_of("gpt-5-mini", table).of(1, 0) == Decimal("0.000001")
    assert most_tokens_in("äö") == 204


@pytest.mark.parametrize("value", ["x", "x=1", "=1/2", "x=1/b", "x=-1/2", "x=1/2/3=", "a b=1/2"])
def test_a_price_that_is_none_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(SystemExit, match="OPENAI_PRICES"):
        Settings.from_environment({"OPENAI_PRICES": value, "SECRET_KEY": "k" * 20 + "abcdefghijklmnop"})


def test_a_strict_schema_lists_each_member() -> None:
    assert is_strict(SCHEMA)
    assert not is_strict({**SCHEMA, "required": []})
    assert not is_strict({"type": "object", "properties": {"a": {"type": "object"}}, "required": ["a"],
                          "additionalProperties": False})  # fmt: skip


def test_reading_an_answer() -> None:
    form = Form(SCHEMA)
    assert form.read(' {"total": 1}') == {"total": 1}
    for text in ("", "[1", '{"total": NaN}', "[" * 5_000):
        with pytest.raises(Misfit, match="isn’t JSON"):
            form.read(text)
    with pytest.raises(Misfit, match="/: "):
        form.read("{}")
    with pytest.raises(BadSchema):
        Form({"minimum": "x"})
    assert example_of({"type": "object", "properties": {"a": {"enum": ["x"]}, "b": {"type": ["string", "null"]}}}) == {
        "a": "x", "b": ""
    }  # fmt: skip


def test_what_was_reserved_is_settled() -> None:
    client, month = make_client_company(), this_month()
    account = Account(client.id, month, "cheap")
    assert reserve(account, Decimal("0.7"), Decimal(1))
    assert not reserve(account, Decimal("0.4"), Decimal(1))
    settle(account, Decimal("0.7"), Decimal("0.2"), 50)
    assert reserve(account, Decimal("0.8"), Decimal(1))
    assert not reserve(account, Decimal("0.000001"), Decimal(1))
    assert spent(client.id) == (Decimal("1.000000"), 50, 2)
    assert not reserve(Account(make_client_company().id, month, "cheap"), Decimal("1.1"), Decimal(1))


@pytest.mark.committed
def test_many_at_once_never_spend_more_than_the_budget(app: Flask, committed_db: str) -> None:
    with app.app_context(), as_system("a test"):
        client_id, month = make_client_company().id, this_month()
        db.session.commit()
    got = []

    def take() -> None:
        with app.app_context(), as_system("a test"):
            for _ in range(10):
                got.append(reserve(Account(client_id, month, "cheap"), Decimal("0.03"), Decimal(1)))
                db.session.commit()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(got), len(got)) == (33, 80)
    with app.app_context(), as_system("a test"):
        for table in (ModelSpending, ModelUsage):
            assert db.session.scalar(select(table.spent)) == Decimal("0.99")
