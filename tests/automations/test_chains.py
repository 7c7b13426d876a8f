"""Workflows that call one another through the outside: each call says which run makes it, and a long chain stops."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from app.automations.effects import http
from app.automations.models import Automation, Run
from app.automations.operations import token_hash
from app.automations.runs.inside import DEEPEST
from app.automations.triggers import loops
from app.core.chains import HEADER, IN_ENVIRONMENT, Caller, caller_in, header_of
from app.core.ids import new_id
from app.core.tenancy import as_system
from app.extensions import db
from app.integrations.outgoing.client import Answer
from app.notifications.models import Notification
from tests.automations.running import drain
from tests.factories.accounts import make_client_company, make_user
from tests.factories.automations import make_automation
from tests.factories.events import deliver
from tests.factories.projects import make_project

TOKEN = "t0ken"
CALL = {"id": "call", "type": "http", "with": {"url": "https://portal.example/api/hooks/t0ken", "method": "POST"}}
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def company() -> Any:
    return make_client_company()


@pytest.fixture
def calling(company: Any) -> Automation:
    return make_automation(
        [CALL], client=company, trigger={"type": "webhook"}, token=TOKEN, token_hash=token_hash(TOKEN), name="Echo"
    )


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The headers of what http steps sent."""
    found: list[dict[str, str]] = []

    def send(_method: str, _url: str, *, headers: dict[str, str], **_more: Any) -> Answer:
        found.append(headers)
        return Answer(200, {}, b"", truncated=False)

    monkeypatch.setattr(http, "send", send)
    return found


def run_all() -> None:
    with as_system("a test of the runner"):
        drain()


def runs() -> list[Run]:
    db.session.expire_all()
    return list(db.session.scalars(select(Run).order_by(Run.id)))


def go_round(client: FlaskClient, sent: list[dict[str, str]], most: int = 12) -> Any:
    """Deliver what the step sends to the webhook that it calls, until it is refused; the last answer."""
    answer = client.post(f"/api/hooks/{TOKEN}", json={})
    for _ in range(most):
        if answer.status_code != 202:
            break
        run_all()
        answer = client.post(f"/api/hooks/{TOKEN}", json={}, headers=sent[-1])
    return answer


def test_a_workflow_that_calls_its_own_webhook_is_stopped(
    client: FlaskClient, calling: Automation, sent: list[dict[str, str]]
) -> None:
    answer = go_round(client, sent)

    assert answer.status_code == 409
    assert answer.json["type"].endswith("#problem-loop")
    assert [run.depth for run in runs()] == [0, 1, 2, 3, 4, 5, 5]
    assert [run.status for run in runs()] == ["succeeded"] * 6 + ["failed"]
    stopped = runs()[-1]
    assert stopped.error is not None
    assert (stopped.error["code"], stopped.trigger) == ("loop", "webhook")
    assert len(sent) == 6


def test_the_same_call_that_was_refused_is_noted_once(
    client: FlaskClient, calling: Automation, sent: list[dict[str, str]]
) -> None:
    go_round(client, sent)
    again = client.post(f"/api/hooks/{TOKEN}", json={}, headers=sent[-1])

    assert again.status_code == 409
    assert len(runs()) == 7


@pytest.mark.parametrize("value", ["", "x", "AAAA", "é", "A" * 5000])
def test_only_what_we_sent_ourselves_is_believed(client: FlaskClient, calling: Automation, value: str) -> None:
    assert client.post(f"/api/hooks/{TOKEN}", json={}, headers={HEADER: value}).status_code == 202
    assert runs()[0].depth == 0


def test_a_header_that_was_altered_counts_as_none() -> None:
    caller = Caller(new_id(), 3)
    good = header_of(caller)
    assert caller_in({IN_ENVIRONMENT: good}) == caller
    assert caller_in({IN_ENVIRONMENT: good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]}) is None
    assert caller_in({}) is None


def test_a_step_cant_set_the_header_itself(client: FlaskClient, sent: list[dict[str, str]], company: Any) -> None:
    step = {**CALL, "with": {**CALL["with"], "headers": {HEADER.lower(): "mine"}}}  # type: ignore[dict-item]
    make_automation([step], client=company, trigger={"type": "webhook"}, token=TOKEN, token_hash=token_hash(TOKEN))
    client.post(f"/api/hooks/{TOKEN}", json={})
    run_all()
    assert [name for name in sent[0] if name.lower() == HEADER.lower()] == [HEADER]
    caller = caller_in({IN_ENVIRONMENT: sent[0][HEADER]})
    assert caller == Caller(runs()[0].id, 0)


def test_a_run_that_a_workflow_begins_over_the_api_stands_below_it(api: Any, company: Any) -> None:
    program = api(make_user(role="client", client_id=company.id))
    automation = make_automation(client=company)
    path = f"/api/ai-automation/workflows/{automation.id}/run"

    assert program.post(path, json={}, headers={HEADER: header_of(Caller(new_id(), 1))}).status_code == 202
    refused = program.post(path, json={}, headers={HEADER: header_of(Caller(new_id(), DEEPEST))})

    assert (refused.status_code, refused.json["type"].rpartition("-")[2]) == (409, "loop")
    assert [(run.depth, run.status) for run in runs()] == [(2, "queued"), (5, "failed")]


def test_a_refused_call_does_not_use_up_its_key(api: Any, company: Any) -> None:
    """Nothing was done for the key, so the same call is told the same reason, and may be made by a person."""
    program = api(make_user(role="client", client_id=company.id))
    path = f"/api/ai-automation/workflows/{make_automation(client=company).id}/run"
    key = {"Idempotency-Key": "one"}

    for _ in range(2):
        refused = program.post(path, json={}, headers={HEADER: header_of(Caller(new_id(), DEEPEST)), **key})
        assert (refused.status_code, refused.json["type"].rpartition("-")[2]) == (409, "loop")
    assert program.post(path, json={}, headers=key).status_code == 202


def test_a_rehearsal_leads_to_nothing_and_so_to_no_loop(api: Any, company: Any) -> None:
    program = api(make_user(role="client", client_id=company.id))
    path = f"/api/ai-automation/workflows/{make_automation(client=company).id}/run"

    made = program.post(path, json={"dry_run": True}, headers={HEADER: header_of(Caller(new_id(), DEEPEST))})

    assert made.status_code == 202, made.text
    assert [(run.depth, run.dry_run) for run in runs()] == [(DEEPEST, True)]


def test_an_owner_who_left_the_company_is_not_told_of_its_loops(
    client: FlaskClient, calling: Automation, company: Any
) -> None:
    left, stayed = make_user(role="client"), make_user(role="client", client_id=company.id)
    calling.owner_id = left.id
    db.session.commit()

    client.post(f"/api/hooks/{TOKEN}", json={}, headers={HEADER: header_of(Caller(new_id(), DEEPEST))})
    deliver()

    assert set(db.session.scalars(select(Notification.user_id))) == {stayed.id}


def test_the_owner_and_staff_are_told_of_a_loop_once(client: FlaskClient, calling: Automation, company: Any) -> None:
    owner, manager = make_user(role="client", client_id=company.id), make_user(role="manager")
    make_user(role="client", client_id=company.id)
    calling.owner_id = owner.id
    db.session.commit()
    for _ in range(3):
        refused = client.post(f"/api/hooks/{TOKEN}", json={}, headers={HEADER: header_of(Caller(new_id(), DEEPEST))})
        assert refused.status_code == 409
    deliver()

    told = db.session.execute(select(Notification.user_id, Notification.title).order_by(Notification.user_id)).all()
    assert {user for user, _ in told} == {owner.id, manager.id}
    assert len(told) == 2
    assert told[0].title == "Echo was stopped because of a loop"
    assert db.session.scalar(select(func.count()).select_from(Run)) == 3
    assert db.session.scalar(text("select count(*) from events where type = 'automation.loop_stopped'")) == 1


def test_what_a_workflow_changes_over_the_api_is_caused_by_its_run(api: Any) -> None:
    """So events of it stand below the run, and a loop through them ends as well."""
    project, run_id = make_project(status="active"), new_id()
    program = api(make_user(role="manager"))

    changed = program.patch(
        f"/api/expert-teams/projects/{project.id}", json={"status": "on_hold"},
        headers={HEADER: header_of(Caller(run_id, 0))},
    )  # fmt: skip

    assert changed.status_code == 200, changed.text
    causes = db.session.execute(text("select caused_by from event_outbox where type = 'project.status_changed'"))
    assert causes.scalars().all() == [run_id]


def test_the_page_of_the_automation_says_so(
    client: FlaskClient, calling: Automation, as_manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_manager
    page = f"/admin/automations/{calling.id}"
    assert "A loop was stopped" not in browser.get(page).text

    client.post(f"/api/hooks/{TOKEN}", json={}, headers={HEADER: header_of(Caller(new_id(), DEEPEST))})
    monkeypatch.setitem(loops.LOOP, "message", "A later release says it in other words.")

    shown = browser.get(page).text
    assert "A loop was stopped" in shown
    assert f"/admin/automations/{calling.id}/runs/{runs()[-1].id}" in shown
