"""The pages of runs: what happened in each step, live and afterwards, for staff and for the company alone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session, scoped_session

from app.automations.effects import EFFECTS, Call, StepFailed
from app.automations.models import Automation, Run, RunStep
from app.automations.operations import change_workflow
from app.automations.runs.operations import retry_run
from app.core.audit import SYSTEM
from app.core.clock import shifted
from app.core.tenancy import as_system
from app.extensions import db
from tests.automations.running import drain, steps_of
from tests.factories import make_client_company, make_user
from tests.factories.automations import make_automation, make_run

HTTP = {"type": "http", "with": {"url": "https://shop.test/"}}
TOTAL = "{{ steps.fetch.output.body.total }}"
ASKS = {"id": "ask", "type": "approval", "with": {"ask": "Pay 900 EUR?"}}


class Service:
    """An outside service that fails as often as it is told to."""

    def __init__(self) -> None:
        self.failures, self.heard = 0, 0

    def __call__(self, form: Any, call: Call) -> Any:
        self.heard += 1
        if self.heard <= self.failures:
            raise StepFailed("The service is down.", status=503)
        return {"status": 200, "headers": {}, "body": {"total": "1499.00"}}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setitem(EFFECTS, "http", service)
    return service


@pytest.fixture(autouse=True)
def _as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    with as_system("tests drive the runner"):
        yield


def ran(*steps: dict[str, Any], **values: Any) -> Run:
    run = make_run(make_automation(steps), **values)
    drain()
    db.session.expire_all()
    return db.session.get_one(Run, run.id)


def address(run: Run, side: str = "admin") -> str:
    return f"/{side}/automations/{run.automation_id}/runs/{run.id}"


def fetched(browser: FlaskClient, run: Run, query: str = "", side: str = "admin") -> str:
    answer = browser.get(address(run, side) + query)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_run_shows_each_step_with_what_went_in_and_came_out(as_manager: FlaskClient, service: Service) -> None:
    run = ran(
        {"id": "fetch", "name": "Fetch the order", **HTTP},
        {
            "id": "total",
            "type": "transform",
            "needs": ["fetch"],
            "with": {"sum": "{{ steps.fetch.output.body.total }}"},
        },
    )
    page = fetched(as_manager, run)
    assert "Fetch the order" in page
    assert "&#34;url&#34;: &#34;https://shop.test/&#34;" in page
    assert "&#34;sum&#34;: &#34;1499.00&#34;" in page
    assert 'class="wf-run"' in page
    assert "hx-trigger" not in page.partition('id="run"')[2].partition(">")[0]


def test_attempts_stand_one_by_one_with_their_errors(as_manager: FlaskClient, service: Service) -> None:
    service.failures = 1
    run = ran({"id": "fetch", **HTTP, "retry": {"max_attempts": 2, "backoff_seconds": 5}})
    page = fetched(as_manager, run)
    assert "The service is down." in page
    assert "The next attempt starts" in page
    assert 'hx-trigger="every 2s"' in page
    with shifted(timedelta(seconds=6)):
        drain()
    page = fetched(as_manager, run)
    assert "2 attempts" in page
    assert len(re.findall('class="wf-failed"', page.partition('class="wf"')[2])) == 1
    assert 'hx-trigger="every 2s"' not in page


def test_steps_that_have_not_begun_stand_greyed(as_manager: FlaskClient) -> None:
    run = ran(ASKS, {"id": "after", "type": "transform", "needs": ["ask"]})
    page = fetched(as_manager, run)
    assert re.search(r'class="wf-step is-pending" id="step-after"', page)


def test_a_rehearsal_lists_what_would_have_left(as_manager: FlaskClient, service: Service) -> None:
    run = ran({"id": "fetch", **HTTP}, dry_run=True)
    page = fetched(as_manager, run)
    assert "What would have been sent or changed" in page
    assert "Rehearsal" in page
    assert service.heard == 0


def test_the_company_answers_what_it_is_asked_and_the_run_goes_on(sign_in: Any, app: Any) -> None:
    company = make_client_company()
    run = make_run(make_automation([ASKS], client=company))
    drain()
    browser = sign_in(app.test_client(), make_user(role="client", client_id=company.id))
    assert "Pay 900 EUR?" in fetched(browser, run, side="dashboard")
    answer = browser.post(
        f"{address(run, 'dashboard')}/steps/ask/decide", data={"decision": "approve", "comment": "Fine."}
    )
    assert (answer.status_code, answer.location) == (303, address(run, "dashboard"))
    drain()
    db.session.expire_all()
    assert db.session.get_one(Run, run.id).status == "succeeded"
    assert steps_of(run)["ask"].output["comment"] == "Fine."
    again = browser.post(f"{address(run, 'dashboard')}/steps/ask/decide", data={"decision": "reject"})
    assert again.status_code == 303
    assert "This run has already ended." in browser.get(again.location).text


def test_what_staff_are_asked_is_not_for_the_company(sign_in: Any, app: Any) -> None:
    company = make_client_company()
    asks = {"id": "ask", "type": "approval", "with": {"ask": "Is it paid?", "of": "staff"}}
    run = make_run(make_automation([asks], client=company))
    drain()
    browser = sign_in(app.test_client(), make_user(role="client", client_id=company.id))
    assert 'value="approve"' not in fetched(browser, run, side="dashboard")
    answer = browser.post(f"{address(run, 'dashboard')}/steps/ask/decide", data={"decision": "approve"})
    assert answer.status_code == 403


def test_what_staff_are_asked_stands_on_their_home_the_oldest_first(sign_in: Any, app: Any) -> None:
    company = make_client_company()
    asked = []
    for number in range(5):
        with shifted(timedelta(hours=number - 5)):
            asks = {"id": "ask", "type": "approval", "with": {"ask": f"Is {number} paid?", "of": "staff"}}
            asked.append(make_run(make_automation([asks], name=f"Payments {number}", client=company)))
            drain()
    home = sign_in(app.test_client(), make_user()).get("/admin/").text
    assert re.findall(r"Is (\d) paid\?", home) == ["0", "1", "2"]
    assert f'href="{address(asked[0])}#step-ask"' in home
    assert f"Payments 0 · {company.name}" in home
    assert '<span class="badge badge-warning">5</span>' in home
    assert "2 more approvals" in home
    theirs = sign_in(app.test_client(), make_user(role="client", client_id=company.id)).get("/dashboard/").text
    assert "paid?" not in theirs


def test_what_a_company_is_asked_stands_on_its_home_alone(sign_in: Any, app: Any) -> None:
    company = make_client_company()
    run = make_run(make_automation([ASKS], client=company))
    drain()
    theirs = sign_in(app.test_client(), make_user(role="client", client_id=company.id)).get("/dashboard/").text
    assert f'href="{address(run, "dashboard")}#step-ask"' in theirs
    assert "Pay 900 EUR?" in theirs
    assert "Pay 900 EUR?" not in sign_in(app.test_client(), make_user(role="client")).get("/dashboard/").text
    assert "Pay 900 EUR?" not in sign_in(app.test_client(), make_user()).get("/admin/").text


def test_another_companys_run_is_not_there(sign_in: Any, app: Any) -> None:
    run = ran(ASKS)
    browser = sign_in(app.test_client(), make_user(role="client", client_id=make_client_company().id))
    for path in ("", "/input.json", "/steps/0/0/input.json", "/retry"):
        assert browser.get(address(run, "dashboard") + path).status_code == 404, path
    for path in ("/cancel", "/steps/ask/decide", "/retry"):
        assert browser.post(address(run, "dashboard") + path).status_code == 404, path


def test_cancelling_ends_the_run(as_manager: FlaskClient) -> None:
    run = ran(ASKS)
    assert as_manager.post(f"{address(run)}/cancel").status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Run, run.id).status == "cancelled"
    assert "Cancelled by manager" in fetched(as_manager, run)


def test_a_large_value_is_cut_and_can_be_read_whole(as_manager: FlaskClient) -> None:
    text = "0123456789 " * 20_000
    run = ran({"id": "copy", "type": "transform", "with": {"text": "{{ trigger.text }}"}}, input={"text": text})
    page = fetched(as_manager, run)
    assert len(page) < 150_000
    whole = as_manager.get(f"{address(run)}/steps/0/0/output.json")
    assert whole.get_json() == {"text": text}
    assert as_manager.get(f"{address(run)}/steps/7/0/output.json").status_code == 404


def test_items_of_a_loop_are_paged_and_filtered(as_manager: FlaskClient, service: Service) -> None:
    service.failures = 3
    loop = {
        "id": "each", "type": "for_each",
        "with": {"items": "{{ trigger.list }}", "step": {"type": "http", "with": {"url": "https://shop.test/"}}},
    }  # fmt: skip
    run = ran(loop, input={"list": list(range(60))})
    page = fetched(as_manager, run, "?step=each")
    assert page.count('class="wf-item"') == 50
    assert 'href="?' not in page
    following = re.search(r'href="([^"]*after=49[^"]*)"', page)
    assert following
    assert as_manager.get(following[1].replace("&amp;", "&")).text.count('class="wf-item"') == 10
    assert fetched(as_manager, run, "?step=each&items=failed").count('class="wf-item"') == 3


def test_lineage_leads_from_retry_to_run_and_back(as_manager: FlaskClient, service: Service) -> None:
    service.failures = 1
    run = ran({"id": "first", "type": "transform"}, {"id": "fetch", **HTTP, "needs": ["first"]})
    again = retry_run(run, actor=SYSTEM)
    db.session.commit()
    drain()
    db.session.expire_all()
    assert "<dt>Retries</dt>" in fetched(as_manager, run)
    page = fetched(as_manager, db.session.get_one(Run, again.id))
    assert "Retry of" in page
    assert "This result was kept from" in page


def test_a_run_costs_the_same_queries_however_many_steps_it_has(as_manager: FlaskClient) -> None:
    def queries(run: Run) -> int:
        as_manager.get(address(run))
        seen: list[str] = []
        listen = lambda _c, _cursor, statement, *_: "SAVEPOINT" in statement or seen.append(statement)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        fetched(as_manager, run)
        event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    small = queries(ran({"id": "a", "type": "transform"}))
    large = queries(ran(*({"id": f"s{number}", "type": "transform"} for number in range(80))))
    assert large <= small
    assert large <= 10


def test_no_style_stands_in_the_page(as_manager: FlaskClient) -> None:
    page = fetched(as_manager, ran({"id": "a", "type": "transform"}))
    assert "style=" not in page.partition('id="run"')[2]


def test_a_lane_that_only_waits_is_no_attempt(as_manager: FlaskClient) -> None:
    run = ran({"id": "pause", "type": "delay", "with": {"seconds": 60}})
    page = fetched(as_manager, run).partition('class="wf"')[2]
    assert 'class="wf-wait"' in page
    assert 'class="wf-run"' not in page
    assert db.session.scalars(select(RunStep.status).where(RunStep.run_id == run.id)).all() == ["waiting"]


def test_the_tabs_of_the_automations_lead_to_their_pages(as_manager: FlaskClient) -> None:
    page = as_manager.get("/admin/automations").text
    for name in ("runs", "failures", "approvals", "due", "savings", "tables", "secrets", "costs", "queue"):
        assert f'href="/admin/automations/{name}"' in page


LOOP = {
    "id": "each", "name": "Each order", "type": "for_each",
    "with": {"items": "{{ trigger.list }}", "step": {"type": "http", "with": {"url": "https://{{ item }}.test/"}}},
}  # fmt: skip


def failing_at(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Have the service refuse these names; what it was asked, in order."""
    asked: list[str] = []

    def service(form: Any, call: Call) -> Any:
        asked.append(form.url)
        if any(form.url == f"https://{name}.test/" for name in names):
            raise StepFailed("Unknown order.", retry=False)
        return {"status": 200, "headers": {}, "body": {}}

    monkeypatch.setitem(EFFECTS, "http", service)
    return asked


def test_a_loop_shows_its_failed_items_first_with_a_link_to_run_each_again(
    as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, "o8", "o9")
    run = ran(LOOP, input={"list": [f"o{n}" for n in range(10)]})
    page = fetched(as_manager, run)
    assert re.findall(r'id="item-each-(\d+)"', page) == ["8", "9", "0", "1", "2"]
    assert "5 of 10 items, failed ones first" in page
    assert "/retry?from_step=each&amp;which=some&amp;items=9" in page
    assert "Run all 2 failed items again" in page


def test_an_item_is_run_again_with_another_value(as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing_at(monkeypatch, "b")
    run = ran(LOOP, input={"list": ["a", "b", "c"]})
    form = as_manager.get(f"{address(run)}/retry?from_step=each&which=some&items=2").text
    assert "Value of item 2" in form
    assert "1 of 3 items" in form
    given = {"from_step": "each", "which": "some", "items": "2", "item_of": "2", "item_value": '"d"'}
    answer = as_manager.post(f"{address(run)}/retry", data=given)
    assert answer.status_code == 303, answer.text
    drain()
    db.session.expire_all()
    again = db.session.scalars(select(Run).where(Run.parent_run_id == run.id)).one()
    assert again.status == "succeeded"
    assert asked == ["https://a.test/", "https://b.test/", "https://c.test/", "https://d.test/"]
    assert "Repeated: item 2. The other items kept their results." in fetched(as_manager, again)


def test_all_failed_items_are_run_again(as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_at(monkeypatch, "b", "d")
    run = ran(LOOP, input={"list": ["a", "b", "c", "d"]})
    assert "2 of 4 items" in as_manager.get(f"{address(run)}/retry?from_step=each&which=failed").text
    asked = failing_at(monkeypatch)
    assert as_manager.post(f"{address(run)}/retry", data={"from_step": "each", "which": "failed"}).status_code == 303
    drain()
    assert asked == ["https://b.test/", "https://d.test/"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"items": ""}, "Enter item numbers, such as 3, 7-9."),
        ({"items": "two"}, "“two” isn’t an item number. Enter numbers, such as 3, 7-9."),
        ({"items": "4"}, "This loop has items 1 to 3. There is no item 4."),
        ({"items": "3-1"}, "This loop has items 1 to 3. There is no item 3-1."),
        ({"items": "2", "item_of": "2", "item_value": "{"}, "The item isn’t valid JSON"),
        ({"items": "2", "item_of": "2", "item_value": "NaN"}, ""),
        ({"items": "2", "item_of": "2", "item_value": '"\\u0000"'}, ""),
        ({"items": "3", "item_of": "2", "item_value": '"x"'}, "You edited item 2. Select only this item"),
    ],
)
def test_items_that_cannot_be_run_again_are_refused(
    as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    failing_at(monkeypatch, "b")
    run = ran(LOOP, input={"list": ["a", "b", "c"]})
    answer = as_manager.post(f"{address(run)}/retry", data={"from_step": "each", "which": "some", **given})
    assert answer.status_code == 422
    assert says in answer.text
    assert db.session.scalars(select(Run).where(Run.parent_run_id == run.id)).all() == []


def test_items_are_not_chosen_where_the_loop_is_begun_anew(
    as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, "b")
    first = {"id": "first", "type": "http", "with": {"url": "https://b.test/"}, "on_error": "continue"}
    run = ran(first, {**LOOP, "needs": ["first"]}, input={"list": ["a", "b"]})
    answer = as_manager.post(f"{address(run)}/retry", data={"from_step": "each", "which": "failed"})
    assert answer.status_code == 422
    assert "first" in answer.text


def test_a_loop_that_the_newest_version_lacks_is_told(as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_at(monkeypatch, "b")
    run = ran(LOOP, input={"list": ["a", "b"]})
    automation = db.session.get_one(Automation, run.automation_id)
    other = {"trigger": {"type": "manual"}, "steps": [{"id": "other", "type": "transform"}]}
    change_workflow(automation, other, actor=SYSTEM)
    db.session.commit()
    answer = as_manager.post(
        f"{address(run)}/retry", data={"from_step": "each", "which": "failed", "version": "current"}
    )
    assert answer.status_code == 422
    assert "Version 2 has no step each." in answer.text


@pytest.mark.parametrize(
    "query", ["from_step=%00", "from_step=nothing&which=failed", "from_step=each&which=some&items=%00"]
)
def test_what_the_address_of_a_retry_names_and_is_not_there_is_told(
    as_manager: FlaskClient, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    failing_at(monkeypatch, "b")
    run = ran(LOOP, input={"list": ["a", "b"]})
    assert as_manager.get(f"{address(run)}/retry?{query}").status_code == 422
