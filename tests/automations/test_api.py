"""Automations over the JSON API: deploying, changing, versions, and who may."""

from typing import Any

import jsonschema_rs
import pytest

from app.automations.models import Automation, Run
from app.core.events import event_types
from app.extensions import db
from tests.automations.running import drain
from tests.factories import make_user
from tests.factories.accounts import make_client_company
from tests.factories.automations import make_automation

pytestmark = pytest.mark.usefixtures("db_session")

BASE = "/api/ai-automation"
STEP: dict[str, Any] = {"id": "a", "type": "transform", "with": {"sum": "{{ trigger.input.x + 1 }}"}}
MANUAL: dict[str, Any] = {"trigger": {"type": "manual"}, "steps": [STEP]}


@pytest.fixture
def company() -> Any:
    return make_client_company()


@pytest.fixture
def theirs(api, company) -> Any:
    return api(make_user(role="client", client_id=company.id))


@pytest.fixture
def stranger(api) -> Any:
    return api(make_user(role="client"))


@pytest.fixture
def staff(api) -> Any:
    return api(make_user(role="manager"))


def deployed(program: Any, workflow: Any = MANUAL, **more: Any) -> Any:
    answer = program.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": workflow, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def workflow(*steps: Any, trigger: Any = None) -> dict[str, Any]:
    return {"trigger": {"type": "manual"} if trigger is None else trigger, "steps": list(steps)}


# Deploying


def test_a_workflow_is_deployed_and_read_again(theirs, company) -> None:
    answer = theirs.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": MANUAL})
    made = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{BASE}/workflows/{made['id']}"
    assert made["client_id"] == str(company.id)
    assert (made["status"], made["version"], made["trigger"]) == ("active", 1, "manual")
    assert made["workflow_config"] == MANUAL
    assert made["metrics"] == {"runs": 0, "succeeded": 0, "failed": 0, "success_rate": None, "hours_saved": 0.0}
    assert made["last_run"] is made["webhook_url"] is made["webhook_secret"] is made["next_run_at"] is None
    assert theirs.get(f"{BASE}/workflows/{made['id']}").json == made
    assert theirs.get(f"{BASE}/workflows").json == [made]


def test_staff_deploy_for_a_company_that_they_name(staff, company) -> None:
    body = {"name": "Intake", "workflow": MANUAL}
    without = staff.post(f"{BASE}/deploy", json=body)
    assert without.status_code == 422
    assert without.json["errors"][0]["pointer"] == "/client_id"
    assert deployed(staff, client_id=str(company.id))["client_id"] == str(company.id)


def test_a_company_deploys_for_itself_alone(theirs) -> None:
    other = make_client_company()
    body = {"name": "Intake", "workflow": MANUAL, "client_id": str(other.id)}
    assert theirs.post(f"{BASE}/deploy", json=body).status_code == 404


def test_a_double_click_deploys_once(theirs) -> None:
    body = {"name": "Intake", "workflow": MANUAL}
    first, again = (theirs.post(f"{BASE}/deploy", json=body, headers={"Idempotency-Key": "k1"}) for _ in "ab")
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert db.session.query(Automation).count() == 1
    other = theirs.post(f"{BASE}/deploy", json={**body, "name": "Other"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422


def test_a_signed_webhook_tells_its_address_and_once_its_secret(theirs) -> None:
    made = deployed(theirs, workflow(STEP, trigger={"type": "webhook", "signed": True}))
    token = made["webhook_url"].rpartition("/api/hooks/")[2]
    assert len(token) >= 40
    assert len(made["webhook_secret"]) >= 40
    read = theirs.get(f"{BASE}/workflows/{made['id']}").json
    assert read["webhook_url"] == made["webhook_url"]
    assert read["webhook_secret"] is None
    rotated = theirs.post(f"{BASE}/workflows/{made['id']}/rotate-secret").json
    assert rotated["webhook_secret"] not in (None, made["webhook_secret"])
    assert rotated["webhook_url"] == made["webhook_url"]
    unsigned = deployed(theirs, workflow(STEP, trigger={"type": "webhook"}))
    assert unsigned["webhook_secret"] is None
    assert theirs.post(f"{BASE}/workflows/{unsigned['id']}/rotate-secret").status_code == 409


def test_a_schedule_says_when_it_is_due_next(theirs) -> None:
    trigger = {"type": "schedule", "cron": "0 6 * * 1", "timezone": "Europe/Berlin"}
    made = deployed(theirs, workflow(STEP, trigger=trigger))
    assert made["next_run_at"].endswith("Z")
    path = f"{BASE}/workflows/{made['id']}"
    assert theirs.patch(path, json={"status": "paused"}).json["next_run_at"] is None
    assert theirs.patch(path, json={"status": "active"}).json["next_run_at"] == made["next_run_at"]
    theirs.delete(path)
    assert db.session.query(Automation).one().next_run_at is None
    assert theirs.post(f"{path}/restore").json["next_run_at"] == made["next_run_at"]


# What is wrong with a definition, and where


def many(count: int) -> list[Any]:
    return [{"id": f"s{index}", "type": "transform"} for index in range(count)]


HTTP = {"id": "h", "type": "http", "with": {"url": "https://shop.example"}}
BROKEN: list[tuple[Any, str, str]] = [
    (workflow({**STEP, "needs": ["b"]}, {**STEP, "id": "b", "needs": ["a"]}), "/workflow/steps/0/needs", "cycle"),
    (workflow({**STEP, "needs": ["a"]}), "/workflow/steps/0/needs", "cycle"),
    (workflow({**STEP, "type": "htpp"}), "/workflow/steps/0/type", "unknown-step-type"),
    (workflow({**STEP, "needs": ["zz"]}), "/workflow/steps/0/needs/0", "unknown-step"),
    (workflow({**STEP, "with": {"x": "{{ steps.zz.output }}"}}), "/workflow/steps/0/with/x", "bad-expression"),
    (workflow({**HTTP, "with": {"url": "{{ secrets.NOPE }}"}}), "/workflow/steps/0/with/url", "bad-expression"),
    (workflow({**STEP, "if": "steps.a.output =="}), "/workflow/steps/0/if", "bad-expression"),
    (workflow(STEP, STEP), "/workflow/steps/1/id", "duplicate-step"),
    (
        workflow(STEP, trigger={"type": "event", "event": "project.complete"}),
        "/workflow/trigger/event",
        "unknown-event",
    ),
    (workflow(STEP, trigger={"type": "schedule", "cron": "0 6 * *"}), "/workflow/trigger/cron", "bad-cron"),
    (workflow(STEP, trigger={"type": "schedule", "cron": "0 0 30 2 *"}), "/workflow/trigger/cron", "bad-cron"),
    (workflow(STEP, trigger={"type": "schedule"}), "/workflow/trigger/cron", "missing"),
    (
        workflow(STEP, trigger={"type": "schedule", "cron": "0 6 * * 1", "timezone": "Mars/Here"}),
        "/workflow/trigger/timezone",
        "unknown-time-zone",
    ),
    (workflow(STEP, trigger={"type": "never"}), "/workflow/trigger/type", "union_tag_invalid"),
    (workflow(STEP, trigger={}), "/workflow/trigger/type", "union_tag_not_found"),
    (workflow(STEP, trigger=["manual"]), "/workflow/trigger", "model_attributes_type"),
    (workflow(STEP, trigger={"type": "manual", "cron": "x"}), "/workflow/trigger/cron", "extra_forbidden"),
    (workflow(), "/workflow/steps", "too_short"),
    (workflow(*many(201)), "/workflow/steps", "too_long"),
    ({"steps": [STEP]}, "/workflow/trigger", "missing"),
    ([], "/workflow", "dict_type"),
    ("x", "/workflow", "dict_type"),
    (None, "/workflow", "dict_type"),
    (workflow("x"), "/workflow/steps/0", "model_type"),
    (workflow({"type": "transform"}), "/workflow/steps/0/id", "missing"),
    (workflow({**STEP, "id": "1 a"}), "/workflow/steps/0/id", "string_pattern_mismatch"),
    (workflow({**STEP, "colour": "red"}), "/workflow/steps/0/colour", "extra_forbidden"),
    (workflow({**STEP, "retry": {"max_attempts": 0}}), "/workflow/steps/0/retry/max_attempts", "greater_than_equal"),
    (workflow({**HTTP, "with": {}}), "/workflow/steps/0/with/url", "missing"),
    (workflow({**HTTP, "with": {"url": "x", "method": "GRAB"}}), "/workflow/steps/0/with/method", "literal_error"),
    (workflow({**HTTP, "with": {"url": "x", "list": 1}}), "/workflow/steps/0/with/list", "extra_forbidden"),
    (
        workflow({"id": "m", "type": "email", "with": {"to": [1], "subject": "s", "text": "t"}}),
        "/workflow/steps/0/with/to/0",
        "string_type",
    ),
    (
        workflow({"id": "w", "type": "workflow", "with": {"workflow_id": "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"}}),
        "/workflow/steps/0/with/workflow_id",
        "unknown-workflow",
    ),
    (workflow({**STEP, "with": {"x": 1e999}}), "/workflow/steps/0/with/x", "number-too-large"),
    (workflow({**STEP, "with": {"x": "a\0b"}}), "/workflow/steps/0/with/x", "control_character"),
    (workflow({**STEP, "with": {"text": "x" * (300 << 10)}}), "/workflow", "definition-too-large"),
]


@pytest.mark.parametrize(("broken", "pointer", "code"), BROKEN)
def test_a_bad_definition_is_refused_at_its_place(theirs, broken: Any, pointer: str, code: str) -> None:
    body = {"name": "Intake", "workflow": broken}
    text = __import__("json").dumps(body).replace("Infinity", "1e999")
    for path in ("deploy", "workflows/check"):
        sent = text if path == "deploy" else text.replace('"name": "Intake", ', "")
        answer = theirs.post(f"{BASE}/{path}", data=sent, content_type="application/json")
        assert answer.status_code == 422, answer.text
        assert (pointer, code) in [(one["pointer"], one["code"]) for one in answer.json["errors"]], answer.json[
            "errors"
        ]
        assert all(one["message"] for one in answer.json["errors"])
    assert db.session.query(Automation).count() == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 422),
        ('{"name": "x", "workflow": {"trigger": NaN}}', 400),
        ('{"name": "x", "workflow": ' + '{"a":' * 100 + "1" + "}" * 100 + "}", 400),
        ('{"name": "x", "workflow": ' + "[" * 100_000 + "]" * 100_000 + "}", 400),
        ('{"name": "x", "workflow": {"a": "' + "x" * (1 << 20) + '"}}', 413),
        ('{"name": "", "workflow": {}}', 422),
        ('{"name": "x", "workflow": {}, "status": "active"}', 422),
    ],
)
def test_what_is_no_deployment_is_refused(theirs, text: str, status: int) -> None:
    answer = theirs.post(f"{BASE}/deploy", data=text, content_type="application/json")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_bad_expression_says_at_which_character(theirs) -> None:
    broken = workflow({**STEP, "with": {"text": "Dear {{ trigger.input.name + }}"}})
    answer = theirs.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": broken})
    (told,) = answer.json["errors"]
    assert told["pointer"] == "/workflow/steps/0/with/text"
    assert "character" in told["message"]


def test_all_problems_are_told_at_once(theirs) -> None:
    broken = workflow({**STEP, "needs": ["zz"]}, {**HTTP, "with": {}}, trigger={"type": "schedule", "cron": "x"})
    answer = theirs.post(f"{BASE}/deploy", json={"name": "Intake", "workflow": broken})
    pointers = [one["pointer"] for one in answer.json["errors"]]
    assert pointers == ["/workflow/trigger/cron", "/workflow/steps/0/needs/0", "/workflow/steps/1/with/url"]


def test_checking_answers_what_a_workflow_comes_to_and_keeps_nothing(theirs) -> None:
    trigger = {"type": "schedule", "cron": "0 6 * * *", "timezone": "Europe/Berlin"}
    answer = theirs.post(f"{BASE}/workflows/check", json={"workflow": workflow(STEP, trigger=trigger)})
    assert answer.status_code == 200
    assert answer.json["steps"] == 1
    assert len(answer.json["next_runs"]) == 5
    assert db.session.query(Automation).count() == 0


def test_a_condition_may_call_its_expression_by_either_name(theirs) -> None:
    steps = [{"id": "a", "type": "condition", "with": {name: "1 < 2"}} for name in ("if", "expression")]
    for step in steps:
        made = deployed(theirs, workflow(step))
        run = theirs.post(f"{BASE}/workflows/{made['id']}/run").json
        drain()
        assert theirs.get(f"{BASE}/runs/{run['id']}").json["steps"][0]["output"] == {"result": True}
    bad = theirs.post(
        f"{BASE}/deploy",
        json={"name": "x", "workflow": workflow({"id": "a", "type": "condition", "with": {"expression": "1 <"}})},
    )
    assert bad.json["errors"][0]["pointer"] == "/workflow/steps/0/with/expression"


# Changing


def test_a_change_of_the_workflow_is_a_new_version_and_the_same_again_none(theirs) -> None:
    made = deployed(theirs)
    path = f"{BASE}/workflows/{made['id']}"
    other = workflow({**STEP, "with": {"sum": "{{ trigger.input.x + 2 }}"}})
    changed = theirs.patch(path, json={"workflow": other, "name": "Better intake"}).json
    assert (changed["version"], changed["name"], changed["workflow_config"]) == (2, "Better intake", other)
    assert theirs.patch(path, json={"workflow": other}).json["version"] == 2
    listed = theirs.get(f"{path}/versions").json
    assert [(one["version"], one["workflow"]) for one in listed] == [(2, other), (1, MANUAL)]
    assert theirs.get(f"{path}/versions/1").json == listed[1]
    restored = theirs.post(f"{path}/versions/1/restore").json
    assert (restored["version"], restored["workflow_config"]) == (3, MANUAL)
    assert theirs.get(f"{path}/versions/3").json["restored_from"] == 1
    for missing in ("4", "0", "-1", "x", "9" * 30, "1e3"):
        assert theirs.get(f"{path}/versions/{missing}").status_code == 404
        assert theirs.post(f"{path}/versions/{missing}/restore").status_code == 404


def test_versions_are_compared_member_by_member(theirs) -> None:
    made = deployed(theirs, workflow(STEP, {"id": "b", "type": "transform", "needs": ["a"]}))
    path = f"{BASE}/workflows/{made['id']}"
    c = {"id": "c", "type": "transform"}
    theirs.patch(path, json={"workflow": workflow({**STEP, "with": {"sum": "{{ 2 }}"}, "if": "1 < 2"}, c)})
    assert theirs.get(f"{path}/versions/1/compare/2").json == {
        "from_version": 1,
        "to_version": 2,
        "trigger": [],
        "added": ["c"],
        "removed": ["b"],
        "changed": [
            {
                "id": "a",
                "changes": [
                    {"pointer": "/with/sum", "from": "{{ trigger.input.x + 1 }}", "to": "{{ 2 }}"},
                    {"pointer": "/if", "from": None, "to": "1 < 2"},
                ],
            }
        ],
        "reordered": False,
    }
    assert theirs.get(f"{path}/versions/1/compare/3").status_code == 404


def test_a_change_is_refused_where_somebody_was_faster(theirs) -> None:
    made = deployed(theirs)
    path = f"{BASE}/workflows/{made['id']}"
    tag = theirs.get(path).headers["ETag"]
    assert theirs.patch(path, json={"name": "First"}, headers={"If-Match": tag}).status_code == 200
    assert theirs.patch(path, json={"name": "Second"}, headers={"If-Match": tag}).status_code == 412
    assert theirs.delete(path, headers={"If-Match": tag}).status_code == 412
    assert theirs.get(path, headers={"If-None-Match": theirs.get(path).headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("marked", ["{}", "W/{}", '"other", {}'])
def test_a_run_that_ends_in_between_keeps_nobody_from_a_change(theirs, marked) -> None:
    path = f"{BASE}/workflows/{deployed(theirs)['id']}"
    read = theirs.get(path)
    tag = read.headers["ETag"]
    theirs.post(f"{path}/run", json={"input": {"x": 1}})
    drain()
    now = theirs.get(path, headers={"If-None-Match": tag})
    assert (now.status_code, now.json["metrics"]["runs"], now.json["updated_at"]) == (200, 1, read.json["updated_at"])
    assert now.headers["ETag"] != tag
    sent = {"If-Match": marked.format(tag)}
    changed = theirs.patch(path, json={"name": "First"}, headers=sent)
    assert changed.status_code == 200
    assert changed.headers["ETag"] == theirs.get(path).headers["ETag"]
    assert theirs.patch(path, json={"name": "Second"}, headers=sent).status_code == 412
    assert theirs.patch(path, json={"name": "Third"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"status": "archived"}, "/status"),
        ({"name": ""}, "/name"),
        ({"version": 3}, "/version"),
        ({"client_id": "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"}, "/client_id"),
        ({"workflow": {"steps": []}}, "/workflow/trigger"),
        ({"metrics": {}}, "/metrics"),
        ({"minutes_saved": -1}, "/minutes_saved"),
    ],
)
def test_what_can_not_be_changed_is_refused(theirs, change: Any, pointer: str) -> None:
    made = deployed(theirs)
    answer = theirs.patch(f"{BASE}/workflows/{made['id']}", json=change)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_deleted_automation_begins_nothing_and_can_be_restored(theirs, staff) -> None:
    made = deployed(theirs)
    path = f"{BASE}/workflows/{made['id']}"
    assert theirs.delete(path).status_code == 204
    assert theirs.get(f"{BASE}/workflows").json == []
    assert theirs.delete(path).status_code == 409
    for change in (
        theirs.post(f"{path}/run"),
        theirs.patch(path, json={"name": "x"}),
        theirs.post(f"{path}/pause"),
        theirs.post(f"{path}/versions/1/restore"),
    ):
        assert change.status_code == 409, change.text
    assert theirs.post(f"{path}/restore").status_code == 200
    assert theirs.post(f"{path}/run").status_code == 202


def test_pausing_by_status_and_by_step(theirs) -> None:
    path = f"{BASE}/workflows/{deployed(theirs)['id']}"
    assert theirs.patch(path, json={"status": "paused"}).json["status"] == "paused"
    assert theirs.patch(path, json={"status": "paused"}).status_code == 200
    assert theirs.post(f"{path}/pause").status_code == 409
    assert theirs.post(f"{path}/run").status_code == 409
    assert theirs.post(f"{path}/run", json={"dry_run": True}).status_code == 202
    assert theirs.post(f"{path}/resume").json["status"] == "active"


def test_the_list_filters_sorts_and_pages(theirs, staff, company) -> None:
    for name in ("Beta", "Alpha", "Gamma"):
        deployed(theirs, name=name)
    deployed(theirs, workflow(STEP, trigger={"type": "webhook"}), name="Hook")
    make_automation(name="Elsewhere")

    def names(query: str, program: Any = theirs) -> list[str]:
        return [one["name"] for one in program.get(f"{BASE}/workflows?{query}").json]

    assert names("sort=name") == ["Alpha", "Beta", "Gamma", "Hook"]
    assert names("trigger=webhook") == ["Hook"]
    assert names("q=gam") == ["Gamma"]
    assert names("status=paused") == []
    first = theirs.get(f"{BASE}/workflows?sort=name&limit=3")
    assert first.headers["X-Total-Count"] == "4"
    assert 'rel="next"' in first.headers["Link"]
    assert "Elsewhere" in names("", staff)
    assert "Elsewhere" not in names(f"client_id={company.id}", staff)
    assert theirs.get(f"{BASE}/workflows?colour=red").status_code == 422
    assert theirs.get(f"{BASE}/workflows?client_id={make_client_company().id}").status_code == 404


# Who may


def test_another_companys_automation_is_not_there(theirs, stranger) -> None:
    made = deployed(theirs)
    path = f"{BASE}/workflows/{made['id']}"
    run = theirs.post(f"{path}/run").json
    for method, address in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/run"),
        ("POST", f"{path}/pause"),
        ("POST", f"{path}/restore"),
        ("POST", f"{path}/rotate-secret"),
        ("GET", f"{path}/runs"),
        ("GET", f"{path}/versions"),
        ("GET", f"{path}/versions/1"),
        ("GET", f"{path}/versions/1/compare/1"),
        ("POST", f"{path}/versions/1/restore"),
        ("GET", f"{BASE}/runs/{run['id']}"),
        ("POST", f"{BASE}/runs/{run['id']}/cancel"),
        ("POST", f"{BASE}/runs/{run['id']}/retry"),
    ):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        assert stranger.open(address, method=method, **body).status_code == 404, (method, address)
    decide = stranger.post(f"{BASE}/runs/{run['id']}/steps/a/decide", json={"decision": "approve"})
    assert decide.status_code == 404
    assert stranger.get(f"{BASE}/runs").json == []
    assert db.session.query(Run).one().status == "queued"


PATHS = (
    ("GET", "/workflows"),
    ("POST", "/deploy"),
    ("POST", "/workflows/check"),
    ("GET", "/workflows/x"),
    ("GET", "/workflows/x/versions"),
    ("POST", "/workflows/x/run"),
    ("GET", "/runs"),
    ("GET", "/runs/x"),
    ("POST", "/runs/x/cancel"),
    ("POST", "/runs/x/steps/a/decide"),
    ("GET", "/secrets"),
    ("POST", "/secrets"),
    ("DELETE", "/secrets/x"),
    ("GET", "/schema"),
    ("GET", "/functions"),
    ("GET", "/events"),
    ("GET", "/templates"),
)


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_experts_and_strangers_hear_so_before_anything_else(api, client, method: str, path: str) -> None:
    expert = api(make_user(role="expert"))
    assert expert.open(f"{BASE}{path}", method=method).status_code == 403
    assert client.open(f"{BASE}{path}", method=method, csrf=False).status_code == 401


def test_ids_that_are_none_are_not_there(theirs) -> None:
    for reference in ("x", "0", "9" * 400, "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", "%00", "..%2F"):
        assert theirs.get(f"{BASE}/workflows/{reference}").status_code == 404
        assert theirs.get(f"{BASE}/runs/{reference}").status_code == 404
        assert theirs.get(f"{BASE}/secrets/{reference}").status_code == 404


# What workflows are written with


def test_fixed_lists_are_paged_by_name(theirs) -> None:
    for name, key in (("functions", "name"), ("events", "type"), ("templates", "slug")):
        seen, address = [], f"{BASE}/{name}?limit=3"
        while address:
            page = theirs.get(address)
            assert page.status_code == 200
            seen += [one[key] for one in page.json]
            address = page.headers.get("Link", "").partition(">")[0].removeprefix("<")
        assert seen == sorted(set(seen))
        assert len(seen) == int(theirs.get(f"{BASE}/{name}").headers["X-Total-Count"]) > 5
        assert theirs.get(f"{BASE}/{name}?sort=-name&limit=1").json[0][key] == seen[-1]
        assert theirs.get(f"{BASE}/{name}?cursor=x").status_code == 400
        assert theirs.get(f"{BASE}/{name}?q=x").status_code == 422


def test_events_that_concern_one_person_begin_nothing(theirs) -> None:
    told = {one["type"] for one in theirs.get(f"{BASE}/events?limit=100").json}
    private = {name for name, one in event_types().items() if one.private}
    assert private
    assert told == set(event_types()) - private
    broken = workflow(STEP, trigger={"type": "event", "event": min(private)})
    answer = theirs.post(f"{BASE}/deploy", json={"name": "x", "workflow": broken})
    assert answer.json["errors"][0]["pointer"] == "/workflow/trigger/event"


def test_every_template_is_described_and_its_form_is_that_of_the_schema(theirs) -> None:
    validator = jsonschema_rs.Draft202012Validator(theirs.get(f"{BASE}/schema").json)
    for one in theirs.get(f"{BASE}/templates").json:
        assert list(validator.iter_errors(one["workflow"])) == []
    bad = workflow({"id": "a", "type": "http", "with": {"url": 5}})
    assert list(validator.iter_errors(bad))
