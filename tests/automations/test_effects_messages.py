"""Mails, text messages and messages to chats: to whom they go, what of their answers means what, and the stand-ins."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from flask import Flask
from sqlalchemy.orm import Session, scoped_session

from app.core.tenancy import as_system
from app.integrations.chat.webhooks import message_for, service_of
from app.integrations.email.mailbox import Mailbox
from app.integrations.sms import twilio
from tests.automations.effects import outbox_of, run_step, use_settings
from tests.integrations import servers
from tests.integrations.web import Web, answers, web

TWILIO = {"twilio_account_sid": "AC123", "twilio_auth_token": "t0ken", "twilio_from": "+15550100100"}
SENT = '{"sid": "SM42", "status": "queued"}'


@pytest.fixture(autouse=True)
def _as_the_runner(app: Flask, db_session: scoped_session[Session], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    use_settings(app, monkeypatch)
    with as_system("a test of the runner"):
        yield


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web(hook=answers(200, "ok")) as told:
        monkeypatch.setattr(twilio, "ADDRESS", told.url)
        yield told


def test_a_mail_goes_out_under_the_key_of_the_step(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.smtp() as server:
        use_settings(app, monkeypatch, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="A <a@example.com>")
        run, step = run_step(
            "email",
            {"to": "{{ trigger.to }}", "subject": "Order\n{{ trigger.n }}", "text": "Hello {{ trigger.n }}"},
            input={"to": "maria@example.com", "n": 5},
        )

    assert run.status == "succeeded", step.error
    [mail] = server.mails
    assert (mail["To"], mail["Subject"]) == ("maria@example.com", "Order 5")
    assert mail["Message-ID"] == f"<{step.key}@example.com>"
    assert mail.get_content().strip() == "Hello 5"
    assert step.output == {"message_id": str(step.key), "to": ["maria@example.com"]}
    [row] = outbox_of(run)
    assert (row.channel, row.provider, row.recipient, row.summary, row.status, row.answer) == (
        "email", "SMTP", "maria@example.com", "Order 5", "sent", str(step.key)
    )  # fmt: skip


def test_each_address_of_a_list_gets_its_own_mail_once(app: Flask) -> None:
    box = Mailbox(app.config["SETTINGS"].data_dir)
    to = ["ann@example.com", "bob@example.com", "ann@example.com"]
    run, step = run_step("email", {"to": to, "subject": "s", "text": "t"})
    assert step.output["to"] == ["ann@example.com", "bob@example.com"]
    assert sorted(one.to for one in list(box.newest(2))) == ["ann@example.com", "bob@example.com"]
    assert outbox_of(run)[0].provider == "stand-in"


def test_nobody_is_written_to_if_one_address_is_wrong(app: Flask) -> None:
    before = list(Mailbox(app.config["SETTINGS"].data_dir).newest(100))
    given = {"to": ["ann@example.com", "bob"], "subject": "s", "text": "t"}
    run, step = run_step("email", given, retry={"max_attempts": 3})
    assert (run.status, step.attempts) == ("failed", 1)
    assert list(Mailbox(app.config["SETTINGS"].data_dir).newest(100)) == before


def test_a_mail_server_that_is_away_is_tried_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(app, monkeypatch, smtp_url="smtp://127.0.0.1:1")
    given = {"to": "a@example.com", "subject": "s", "text": "t"}
    run, step = run_step("email", given, retry={"max_attempts": 2, "backoff_seconds": 0})
    assert (run.status, step.attempts) == ("failed", 2)
    assert [row.status for row in outbox_of(run)] == ["failed", "failed"]


def test_a_text_message_goes_by_twilio(app: Flask, monkeypatch: pytest.MonkeyPatch, there: Web) -> None:
    use_settings(app, monkeypatch, **TWILIO)
    there.does["/2010-04-01/Accounts/AC123/Messages.json"] = answers(201, SENT)
    run, step = run_step("sms", {"to": "0049 (30) 123-4567", "text": "Größe & mehr"})

    assert (run.status, step.output) == ("succeeded", {"message_id": "SM42"})
    [heard] = there.heard
    assert parse_qs(heard.body.decode()) == {
        "To": ["+49301234567"], "From": ["+15550100100"], "Body": ["Größe & mehr"]
    }  # fmt: skip
    assert heard.headers["Authorization"] == "Basic QUMxMjM6dDBrZW4="
    [row] = outbox_of(run)
    assert (row.provider, row.recipient, row.answer) == ("Twilio", "0049 (30) 123-4567", "SM42")


@pytest.mark.parametrize(
    ("status", "body", "tries"),
    [
        (400, '{"code": 21211, "message": "Invalid To"}', 1),
        (429, "{}", 2),
        (500, "oops", 2),
        (401, '{"code": 20003, "message": "Authenticate"}', 2),
        (200, "no json", 2),
    ],
)
def test_what_twilio_answers(
    app: Flask, monkeypatch: pytest.MonkeyPatch, there: Web, status: int, body: str, tries: int
) -> None:
    use_settings(app, monkeypatch, **TWILIO)
    there.does["/2010-04-01/Accounts/AC123/Messages.json"] = answers(status, body)
    retry = {"max_attempts": 2, "backoff_seconds": 0}
    run, step = run_step("sms", {"to": "+49301234567", "text": "x"}, retry=retry)
    assert (run.status, step.attempts) == ("failed", tries)
    assert step.error["message"].startswith(f"Twilio answered {status}")
    assert "t0ken" not in json.dumps(step.error)


@pytest.mark.parametrize("to", ["030 1234567", "+49", "abc", "+1; drop", "", "+49301234567, +49301234568"])
def test_what_is_no_number_gets_no_message(to: str) -> None:
    run, step = run_step("sms", {"to": to, "text": "x"})
    assert (run.status, step.attempts) == ("failed", 1)


def test_without_twilio_nothing_leaves_and_the_outbox_shows_it() -> None:
    run, step = run_step("sms", {"to": "+49301234567", "text": "x"})
    assert run.status == "succeeded"
    assert step.output["message_id"] == f"stand-in-{step.key}"
    assert [(row.provider, row.status) for row in outbox_of(run)] == [("stand-in", "sent")]


@pytest.mark.parametrize(
    ("kind", "given", "setting"),
    [("sms", {"to": "+49301234567", "text": "x"}, "TWILIO_ACCOUNT_SID"), ("chat", {"text": "x"}, "SLACK_WEBHOOK_URL"),
     ("language_model", {"prompt": "x"}, "OPENAI_API_KEY"),
     ("email", {"to": "a@example.com", "subject": "s", "text": "x"}, "SMTP_URL")],
)  # fmt: skip
def test_in_production_a_missing_provider_fails_the_step(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str, given: dict, setting: str
) -> None:
    use_settings(app, monkeypatch, app_env="production")
    run, step = run_step(kind, given, retry={"max_attempts": 3})
    assert (run.status, step.attempts) == ("failed", 1)
    assert setting in step.error["message"]


def test_a_message_to_slack(there: Web) -> None:
    run, step = run_step("chat", {"url": f"{there.url}/hook", "text": "<!channel> {{ trigger.n }}"}, input={"n": 3})
    assert (run.status, step.output) == ("succeeded", {"status": 200})
    assert json.loads(there.heard[0].body) == {"text": "&lt;!channel> 3"}


def test_a_message_to_discord(there: Web) -> None:
    there.does["/api/webhooks/1/abc"] = answers(204)
    run, step = run_step("chat", {"url": f"{there.url}/api/webhooks/1/abc", "text": "@everyone hi"})
    assert (run.status, step.output) == ("succeeded", {"status": 204})
    assert json.loads(there.heard[0].body) == {"content": "@everyone hi", "allowed_mentions": {"parse": []}}


def test_the_webhook_of_a_chat_is_in_no_text_of_the_outbox(there: Web) -> None:
    there.does["/services/T0/B0/k3y"] = answers(404, "no_service")
    url = f"{there.url}/services/T0/B0/k3y"
    run, step = run_step("chat", {"url": "{{ secrets.HOOK }}", "text": "x"}, secrets={"HOOK": url})
    assert (run.status, step.attempts, step.error["status"]) == ("failed", 1, 404)
    [row] = outbox_of(run)
    assert "k3y" not in row.recipient + row.summary + row.answer
    assert "k3y" not in json.dumps([step.error, step.input])


def test_discord_says_in_its_body_how_long_to_wait(there: Web) -> None:
    body = '{"message": "You are being rate limited.", "retry_after": 0.0, "global": false}'
    there.does["/api/webhooks/1/abc"] = answers(429, body, Retry_After="900")
    retry = {"max_attempts": 2, "backoff_seconds": 0}
    run, step = run_step("chat", {"url": f"{there.url}/api/webhooks/1/abc", "text": "x"}, retry=retry)
    assert (run.status, step.attempts) == ("failed", 2)


def test_which_service_an_address_belongs_to() -> None:
    assert service_of("https://hooks.slack.com/services/T/B/x") == "Slack"
    assert service_of("https://discord.com/api/webhooks/1/x") == "Discord"
    assert service_of("https://ptb.discord.com/api/webhooks/1/x") == "Discord"
    assert service_of("https://evildiscord.com/x") == "Slack"
    with pytest.raises(ValueError, match="2,000"):
        message_for("https://discord.com/api/webhooks/1/x", "x" * 2_001)
    with pytest.raises(ValueError, match="Enter the text"):
        message_for("https://hooks.slack.com/x", "  ")


def test_without_a_webhook_the_house_s_own_is_used(app: Flask, monkeypatch: pytest.MonkeyPatch, there: Web) -> None:
    use_settings(app, monkeypatch, slack_webhook_url=f"{there.url}/hook")
    run, _ = run_step("chat", {"text": "hello"})
    assert run.status == "succeeded"
    assert [one.path for one in there.heard] == ["/hook"]
    assert outbox_of(run)[0].provider == "Slack"


def test_without_any_webhook_nothing_leaves() -> None:
    run, step = run_step("chat", {"text": "hello"})
    assert (run.status, step.output) == ("succeeded", {"status": 200})
    assert [(row.provider, row.status) for row in outbox_of(run)] == [("stand-in", "sent")]
