"""Runs over the JSON API: begun, read whole, cancelled, made again, their questions answered."""

from typing import Any

import pytest

from app.automations.effects import EFFECTS, StepFailed
from app.automations.models import Run
from app.extensions import db
from tests.automations.running import drain
from tests.factories import make_user
from tests.factories.accounts import make_client_company

pytestmark = pytest.mark.usefixtures("db_session")

BASE = "/api/ai-automation"
ADD: dict[str, Any] = {"id": "add", "type": "transform", "with": {"sum": "{{ trigger.input.x + 1 }}"}}
CALL: dict[str, Any] = {
    "id": "call",
    "type": "http",
    "needs": ["add"],
    "with": {"url": "https://shop.example/{{ steps.add.output.sum }}"},
    "retry": {"max_attempts": 2, "backoff_seconds": 0},
}
ASK: dict[str, Any] = {"id": "ask", "type": "approval", "with": {"ask": "Go on?"}}
AFTER: dict[str, Any] = {"id": "after", "type": "transform", "needs": ["ask"], "with": {"y": "{{ 1 }}"}}


@pytest.fixture
def company() -> Any:
    return make_client_company()


@pytest.fixture
def theirs(api, company) -> Any:
    return api(make_user(role="client", client_id=company.id))


@pytest.fixture
def staff(api) -> Any:
    return api(make_user(role="manager"))


@pytest.fixture
def service(monkeypatch) -> list[Any]:
    """What the service is sent; it fails as often as it is told to (`service.failing`)."""

    class Calls(list[Any]):
        failing = 0

    calls = Calls()

    def answer(form: Any, call: Any) -> Any:
        calls.append((form.url, call.key))
        if calls.failing:
            calls.failing -= 1
            raise StepFailed("The service answered with 503.", status=503)
        return {"status": 200, "headers": {}, "body": {"ok": True}}

    monkeypatch.setitem(EFFECTS, "http", answer)
    return calls


def deployed(program: Any, *steps: Any, **more: Any) -> str:
    body = {"name": "Intake", "workflow": {"trigger": {"type": "manual"}, "steps": list(steps)}, **more}
    answer = program.post(f"{BASE}/deploy", json=body)
    assert answer.status_code == 201, answer.text
    return f"{BASE}/workflows/{answer.json['id']}"


def begun(program: Any, path: str, **body: Any) -> str:
    answer = program.post(f"{path}/run", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"{BASE}/runs/{answer.json['id']}"
    return str(answer.headers["Location"])


def ended(program: Any, run: str) -> Any:
    drain()
    return program.get(run).json


def states(run: Any) -> dict[str, str]:
    return {step["id"]: step["status"] for step in run["steps"]}


def test_a_run_shows_each_step_with_what_went_in_and_came_out(theirs, service) -> None:
    path = deployed(theirs, ADD, CALL)
    service.failing = 1
    answer = theirs.post(f"{path}/run", json={"input": {"x": 1}})
    queued = answer.json
    assert (queued["status"], queued["trigger"], queued["version"]) == ("queued", "manual", 1)
    assert queued["workflow_id"] == path.rpartition("/")[2]
    assert states(queued) == {"add": "pending", "call": "pending"}
    run = ended(theirs, answer.headers["Location"])
    assert run["status"] == "succeeded"
    assert run["input"] == {"x": 1}
    add, call = run["steps"]
    assert (add["status"], add["attempts"], add["output"]) == ("succeeded", 1, {"sum": 2})
    assert [one["error"] for one in add["attempt_log"]] == [None]
    assert (call["status"], call["attempts"], call["type"]) == ("succeeded", 2, "http")
    assert call["input"]["url"] == "https://shop.example/2"
    assert call["output"]["body"] == {"ok": True}
    first, second = call["attempt_log"]
    assert first["error"]["message"] == "The service answered with 503."
    assert second["error"] is None
    assert first["started_at"] <= first["finished_at"] <= second["started_at"] <= second["finished_at"]
    assert len({key for _, key in service}) == 1
    assert run["started_at"] <= run["finished_at"]
    automation = theirs.get(path).json
    assert automation["metrics"]["runs"] == automation["metrics"]["succeeded"] == 1
    assert automation["metrics"]["success_rate"] == 1.0
    assert automation["last_run"] == run["created_at"]


def test_a_rehearsal_lets_nothing_out_and_counts_nowhere(theirs, service) -> None:
    path = deployed(theirs, ADD, {**CALL, "example": {"status": 200}}, minutes_saved=30)
    run = ended(theirs, begun(theirs, path, input={"x": 1}, dry_run=True))
    assert (run["status"], run["dry_run"]) == ("succeeded", True)
    call = run["steps"][1]
    assert call["would"]["url"] == "https://shop.example/2"
    assert (call["output"], call["attempts"], call["attempt_log"]) == ({"status": 200}, 0, [])
    assert service == []
    automation = theirs.get(path).json
    assert automation["metrics"] == {"runs": 0, "succeeded": 0, "failed": 0, "success_rate": None, "hours_saved": 0.0}
    assert automation["last_run"] is None
    assert ended(theirs, begun(theirs, path, input={"x": 1}))["status"] == "succeeded"
    assert theirs.get(path).json["metrics"]["hours_saved"] == 0.5


def test_a_run_takes_the_version_that_it_names(theirs) -> None:
    path = deployed(theirs, ADD)
    steps = [{**ADD, "with": {"sum": "{{ trigger.input.x + 10 }}"}}]
    theirs.patch(path, json={"workflow": {"trigger": {"type": "manual"}, "steps": steps}})
    sums = {}
    for version in (None, 1, 2):
        more = {} if version is None else {"version": version}
        run = ended(theirs, begun(theirs, path, input={"x": 1}, **more))
        sums[version] = (run["version"], run["steps"][0]["output"]["sum"])
    assert sums == {None: (2, 11), 1: (1, 2), 2: (2, 11)}
    unknown = theirs.post(f"{path}/run", json={"version": 3})
    assert unknown.status_code == 422
    assert [(one["pointer"], one["code"]) for one in unknown.json["errors"]] == [("/version", "unknown-version")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"input": []}, "/input"),
        ({"input": "x"}, "/input"),
        ({"input": {"a": "b\0c"}}, "/input/a"),
        ({"input": {"a\0": 1}}, "/input/a\0"),
        ({"dry_run": "perhaps"}, "/dry_run"),
        ({"version": 0}, "/version"),
        ({"version": 10**40}, "/version"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_can_not_be_run_is_refused(theirs, body: Any, pointer: str) -> None:
    answer = theirs.post(f"{deployed(theirs, ADD)}/run", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer
    assert db.session.query(Run).count() == 0


def test_a_number_beyond_all_numbers_is_refused(theirs) -> None:
    path = deployed(theirs, ADD)
    answer = theirs.post(f"{path}/run", data='{"input": {"x": 1e999}}', content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/input/x"


def test_a_run_without_a_body_and_twice_under_one_key(theirs) -> None:
    path = deployed(theirs, {**ADD, "with": {}})
    assert theirs.post(f"{path}/run").status_code == 202
    first, again = (theirs.post(f"{path}/run", json={}, headers={"Idempotency-Key": "once"}) for _ in "ab")
    assert first.json["id"] == again.json["id"]
    assert db.session.query(Run).count() == 2


def test_runs_are_listed_and_filtered(theirs, staff, api, company) -> None:
    path, other = deployed(theirs, ADD), deployed(theirs, {**ADD, "id": "b"})
    good, bad = begun(theirs, path, input={"x": 1}), begun(theirs, path, input={"x": "y"})
    dry = begun(theirs, other, input={"x": 1}, dry_run=True)
    drain()

    def ids(query: str, program: Any = theirs, base: str = f"{BASE}/runs") -> list[str]:
        answer = program.get(f"{base}?{query}")
        assert answer.status_code == 200, answer.text
        return [f"{BASE}/runs/{one['id']}" for one in answer.json]

    assert ids("") == [dry, bad, good] == ids("", staff) == ids(f"client_id={company.id}", staff)
    assert ids("status=failed") == [bad]
    assert ids("dry_run=true") == [dry]
    assert ids("trigger=manual&limit=1") == [dry]
    assert ids("trigger=webhook") == []
    assert ids(f"workflow_id={path.rpartition('/')[2]}") == [bad, good] == ids("", base=f"{path}/runs")
    assert ids("status=failed", base=f"{path}/runs") == [bad]
    day = theirs.get(good).json["created_at"][:10]
    assert ids(f"from={day}&to={day}") == [dry, bad, good]
    assert ids("to=2020-01-01") == []
    first = theirs.get(f"{BASE}/runs?limit=2")
    assert 'rel="next"' in first.headers["Link"]
    assert "steps" not in first.json[0]
    assert theirs.get(f"{BASE}/runs?status=lost").status_code == 422
    assert theirs.get(f"{BASE}/runs?client_id={make_client_company().id}").status_code == 404
    assert ids("", api(make_user(role="client"))) == []


def test_a_run_is_cancelled_once(theirs) -> None:
    path = deployed(theirs, ASK, AFTER)
    run = begun(theirs, path)
    drain()
    assert theirs.get(run).json["status"] == "waiting"
    cancelled = theirs.post(f"{run}/cancel")
    assert cancelled.status_code == 200
    assert (cancelled.json["status"], states(cancelled.json)) == ("cancelled", {"ask": "cancelled", "after": "pending"})
    assert cancelled.json["error"]["message"] == f"Cancelled by {cancelled.json['actor']}."
    assert theirs.post(f"{run}/cancel").status_code == 409
    assert theirs.get(path).json["metrics"]["success_rate"] is None


# Again


def test_a_failed_run_is_made_again_from_what_failed(theirs, service) -> None:
    path = deployed(theirs, ADD, CALL)
    service.failing = 2
    run = begun(theirs, path, input={"x": 1})
    failed = ended(theirs, run)
    assert (failed["status"], failed["error"]["step"]) == ("failed", "call")
    answer = theirs.post(f"{run}/retry")
    assert answer.status_code == 202
    again = ended(theirs, answer.headers["Location"])
    assert (again["status"], again["parent_run_id"], again["input"]) == ("succeeded", failed["id"], {"x": 1})
    assert again["steps"][0]["output"] == {"sum": 2}
    assert len(service) == 3


def test_a_run_that_succeeded_is_made_again_from_a_step_only(theirs, service) -> None:
    path = deployed(theirs, ADD, CALL)
    run = begun(theirs, path, input={"x": 1})
    drain()
    assert theirs.post(f"{run}/retry").status_code == 409
    assert theirs.post(f"{run}/retry", json={"input": {"x": 2}}).status_code == 409
    missing = theirs.post(f"{run}/retry", json={"from_step": "zz"})
    assert missing.status_code == 422
    assert missing.json["errors"][0]["pointer"] == "/from_step"
    assert theirs.post(f"{run}/retry", json={"version": 3}).status_code == 422
    again = ended(theirs, theirs.post(f"{run}/retry", json={"from_step": "call"}).headers["Location"])
    assert (again["status"], again["from_step"]) == ("succeeded", "call")
    assert len(service) == 2


def test_a_run_is_made_again_with_another_input_on_the_newest_version(theirs) -> None:
    path = deployed(theirs, ADD)
    run = begun(theirs, path, input={"x": "y"})
    assert ended(theirs, run)["status"] == "failed"
    steps = [{**ADD, "with": {"sum": "{{ trigger.input.x + 10 }}"}}]
    theirs.patch(path, json={"workflow": {"trigger": {"type": "manual"}, "steps": steps}})
    same = theirs.post(f"{run}/retry", json={"input": {"x": 1}, "version": "same"})
    assert ended(theirs, same.headers["Location"])["output"] == {"add": {"sum": 2}}
    current = theirs.post(f"{run}/retry", json={"input": {"x": 1}, "version": "current"})
    assert ended(theirs, current.headers["Location"])["output"] == {"add": {"sum": 11}}
    assert theirs.post(f"{run}/retry", json={"input": {"x": "a\0"}}).status_code == 422
    listed = theirs.get(f"{BASE}/runs?parent_run_id={run.rpartition('/')[2]}").json
    assert len(listed) == 2


def test_a_run_that_is_not_over_is_not_made_again(theirs) -> None:
    run = begun(theirs, deployed(theirs, ASK))
    assert theirs.post(f"{run}/retry").status_code == 409


# Questions


def test_the_company_answers_once(theirs, staff, company) -> None:
    run = begun(theirs, deployed(theirs, ASK, AFTER))
    drain()
    path = f"{run}/steps/ask/decide"
    for wrong, pointer in (({}, "/decision"), ({"decision": "maybe"}, "/decision")):
        answer = theirs.post(path, json=wrong)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == pointer
    assert theirs.post(f"{run}/steps/zz/decide", json={"decision": "approve"}).status_code == 404
    assert theirs.post(f"{run}/steps/after/decide", json={"decision": "approve"}).status_code == 404
    assert staff.post(path, json={"decision": "approve"}).status_code == 422
    assert staff.post(path, json={"decision": "approve", "client_id": str(make_client_company().id)}).status_code == 404
    answer = theirs.post(path, json={"decision": "approve", "comment": "Fine."})
    assert answer.status_code == 200
    asked = answer.json["steps"][0]
    assert (asked["status"], asked["output"]["decision"], asked["output"]["comment"]) == (
        "succeeded",
        "approve",
        "Fine.",
    )
    assert theirs.post(path, json={"decision": "reject"}).status_code == 409
    assert ended(theirs, run)["status"] == "succeeded"
    assert theirs.post(path, json={"decision": "reject"}).status_code == 409


def test_staff_answer_for_a_company_that_they_name(theirs, staff, company) -> None:
    run = begun(theirs, deployed(theirs, ASK))
    drain()
    body = {"decision": "reject", "comment": "Too dear.", "client_id": str(company.id)}
    assert staff.post(f"{run}/steps/ask/decide", json=body).status_code == 200
    over = ended(theirs, run)
    assert (over["status"], over["steps"][0]["status"]) == ("failed", "failed")
    assert "Too dear." in over["steps"][0]["error"]["message"]


def test_what_staff_are_asked_the_company_does_not_answer(theirs, staff) -> None:
    run = begun(theirs, deployed(theirs, {**ASK, "with": {"ask": "Go on?", "of": "staff"}}))
    drain()
    path = f"{run}/steps/ask/decide"
    assert theirs.post(path, json={"decision": "approve"}).status_code == 403
    assert staff.post(path, json={"decision": "approve"}).status_code == 200
    assert ended(theirs, run)["status"] == "succeeded"


# Loops


def test_a_loop_shows_its_items(theirs, service) -> None:
    loop = {
        "id": "each",
        "type": "for_each",
        "with": {
            "items": "{{ trigger.input.list }}",
            "step": {"type": "http", "with": {"url": "https://x.example/{{ item }}"}},
        },
    }
    service.failing = 1
    run = ended(theirs, begun(theirs, deployed(theirs, loop), input={"list": ["a", "b"]}))
    step = run["steps"][0]
    assert (run["status"], step["status"], step["error"]["message"]) == ("failed", "failed", "1 of 2 items failed.")
    assert [(one["item"], one["status"], one["attempts"]) for one in step["items"]] == [
        (0, "failed", 1),
        (1, "succeeded", 1),
    ]
    assert step["items"][1]["input"] == {"url": "https://x.example/b"}
    assert len(step["items"][0]["attempt_log"]) == 1


def looped(program: Any, *more: Any, concurrency: int = 4) -> str:
    inner = {"type": "http", "with": {"url": "https://x.example/{{ item }}"}}
    given = {"items": "{{ trigger.input.list }}", "step": inner, "concurrency": concurrency}
    loop = {"id": "each", "type": "for_each", "with": given}
    after = {"id": "after", "type": "transform", "needs": ["each"], "with": {"n": "{{ steps.each.output.succeeded }}"}}
    return deployed(program, loop, after)


@pytest.mark.parametrize(
    ("items", "pointers"),
    [
        ([], ["/items", "/items"]),
        (["1"], ["/items/0", "/items"]),
        ([0, -1], ["/items/1", "/items"]),
        ("all", ["/items", "/items"]),
    ],
)
def test_wrong_items_are_told_at_their_place_in_the_body(theirs, items, pointers) -> None:
    run = begun(theirs, deployed(theirs, {"id": "a", "type": "transform", "with": {"x": 1}}))
    answer = theirs.post(f"{run}/retry", json={"from_step": "a", "items": items})
    assert (answer.status_code, [error["pointer"] for error in answer.json["errors"]]) == (422, pointers)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_items_of_a_loop_that_failed_are_done_again_and_the_others_keep_their_results(
    theirs, service, concurrency: int
) -> None:
    path = looped(theirs, concurrency=concurrency)
    service.failing = 3
    run = begun(theirs, path, input={"list": list("abcde")})
    assert ended(theirs, run)["steps"][0]["error"]["message"] == "3 of 5 items failed."
    service.clear()
    answer = theirs.post(f"{run}/retry", json={"from_step": "each", "items": "failed"})
    assert answer.status_code == 202, answer.text
    again = ended(theirs, answer.headers["Location"])
    assert again["status"] == "succeeded"
    assert sorted(url[-1] for url, _ in service) == ["a", "b", "c"]
    assert [one["status"] for one in again["steps"][0]["items"]] == ["succeeded"] * 5
    assert again["steps"][1]["output"] == {"n": 5}


def test_one_item_is_done_again_by_its_number(theirs, service) -> None:
    path = looped(theirs)
    run = begun(theirs, path, input={"list": list("abc")})
    assert ended(theirs, run)["status"] == "succeeded"
    service.clear()
    again = theirs.post(f"{run}/retry", json={"from_step": "each", "items": [1]})
    assert ended(theirs, again.headers["Location"])["status"] == "succeeded"
    assert [url[-1] for url, _ in service] == ["b"]
    for wrong in ({"from_step": "each", "items": [0, 1], "item": "x"}, {"from_step": "each", "item": "x"}):
        assert theirs.post(f"{run}/retry", json=wrong).json["errors"][0]["pointer"] == "/item"
    service.clear()
    edited = theirs.post(f"{run}/retry", json={"from_step": "each", "items": [1], "item": "x"})
    assert ended(theirs, edited.headers["Location"])["status"] == "succeeded"
    assert [url[-1] for url, _ in service] == ["x"]
    for wrong in ({"from_step": "each", "items": [3]}, {"from_step": "after", "items": [0]}, {"items": [0]}):
        refused = theirs.post(f"{run}/retry", json=wrong)
        assert refused.status_code in (409, 422), refused.text
    assert theirs.post(f"{run}/retry", json={"from_step": "each", "items": "failed"}).status_code == 422
