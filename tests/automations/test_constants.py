"""What can't work whatever a run brings is found when a workflow is checked: values without expressions."""

from typing import Any

import pytest

from app.automations.definitions.checking import Surroundings, problems_of, warnings_of
from app.automations.definitions.schemas import WorkflowInput
from app.integrations.outgoing.addresses import networks
from tests.factories import make_user

pytestmark = pytest.mark.usefixtures("app")

MAIL = {"subject": "Hello", "text": "Hello."}
SCHEMA = {"prompt": "Read this.", "json_schema": {"type": "nonsense"}}
PROJECT = {"kind": "project", "action": "get"}
ROW = {"kind": "row", "action": "get", "table": "leads"}

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("http", {"url": "ftp://shop.example/x"}, "/url", "bad-url"),
    ("http", {"url": "shop.example/x"}, "/url", "bad-url"),
    ("http", {"url": "http://"}, "/url", "bad-url"),
    ("http", {"url": "http://[::1/"}, "/url", "bad-url"),
    ("http", {"url": "https://shop.example:99999/"}, "/url", "bad-url"),
    ("http", {"url": ""}, "/url", "bad-url"),
    ("http", {"url": "ftp://{{ trigger.host }}/x"}, "/url", "bad-url"),
    ("http", {"url": "shop.example/{{ trigger.id }}"}, "/url", "bad-url"),
    ("http", {"url": "https://shop.example", "headers": {"Host": "x"}}, "/headers/Host", "bad-header"),
    ("http", {"url": "https://shop.example", "headers": {"a b": "x"}}, "/headers/a b", "bad-header"),
    ("http", {"url": "https://shop.example", "headers": {"X": "a\nb"}}, "/headers/X", "bad-header"),
    ("chat", {"url": "hooks.slack.example", "text": "x"}, "/url", "bad-url"),
    ("chat", {"url": "https://hooks.slack.example", "text": " "}, "/text", "bad-text"),
    ("chat", {"url": "https://discord.com/api/webhooks/1", "text": "x" * 2001}, "/text", "bad-text"),
    ("email", {"to": "anna", **MAIL}, "/to", "bad-address"),
    ("email", {"to": "anna@example.com, bob@example.com", **MAIL}, "/to", "bad-address"),
    ("email", {"to": ["anna@example.com", "bob@"], **MAIL}, "/to/1", "bad-address"),
    ("email", {"to": [], **MAIL}, "/to", "missing"),
    ("sms", {"to": "030 1234", "text": "x"}, "/to", "bad-number"),
    ("delay", {"seconds": -1}, "/seconds", "greater_than_equal"),
    ("language_model", SCHEMA, "/json_schema", "bad-schema"),
    ("record", {**PROJECT, "id": "the-first"}, "/id", "bad-id"),
    ("record", {**ROW, "key": "x" * 201}, "/key", "bad-key"),
]  # fmt: skip
RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("http", {"url": "https://no-such-name.example:8443/x?y=1", "headers": {"X-Key": "{{ secrets.KEY }}"}}),
    ("http", {"url": "{{ trigger.url }}"}),
    ("http", {"url": "HTTPS://{{ trigger.host }}/x"}),
    ("http", {"url": "http{{ trigger.s }}://shop.example"}),
    ("http", {"url": "https://bücher.example/x"}),
    ("chat", {"text": "hello"}),
    ("chat", {"url": "{{ secrets.KEY }}", "text": "{{ trigger.text }}"}),
    ("email", {"to": "Anna <anna@example.com>", **MAIL}),
    ("email", {"to": ["{{ trigger.to }}", "anna@bücher.example"], **MAIL}),
    ("email", {"to": "{{ trigger.to }}", **MAIL}),
    ("sms", {"to": "+49 30 1234567", "text": "x"}),
    ("sms", {"to": "{{ trigger.to }}", "text": "x"}),
    ("delay", {"seconds": 0}),
    ("record", {**PROJECT, "id": "{{ trigger.id }}"}),
    ("record", {**PROJECT, "id": "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10"}),
    ("record", {"kind": "product", "action": "get", "id": "a-slug"}),
]  # fmt: skip
AROUND = Surroundings(secrets={"KEY"}, tables={"leads": []})


def _workflow(step_type: str, given: dict[str, Any]) -> WorkflowInput:
    step = {"id": "a", "type": step_type, "with": given}
    return WorkflowInput.model_validate({"trigger": {"type": "manual"}, "steps": [step]})


@pytest.mark.parametrize(("step_type", "given", "pointer", "code"), WRONG)
def test_a_constant_that_cant_work_is_told_at_its_place(
    step_type: str, given: dict[str, Any], pointer: str, code: str
) -> None:
    found = problems_of(_workflow(step_type, given), AROUND)

    assert [(one.pointer, one.code) for one in found] == [(f"/workflow/steps/0/with{pointer}", code)]
    assert found[0].message.endswith(".")


@pytest.mark.parametrize(("step_type", "given"), RIGHT)
def test_what_may_work_is_left_to_the_run(step_type: str, given: dict[str, Any]) -> None:
    assert problems_of(_workflow(step_type, given), AROUND) == []


def test_constants_inside_of_loops_are_looked_at_as_well() -> None:
    inner = {"type": "http", "with": {"url": "ftp://shop.example"}}

    [found] = problems_of(_workflow("for_each", {"items": [1], "step": inner}), AROUND)

    assert (found.pointer, found.code) == ("/workflow/steps/0/with/step/with/url", "bad-url")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1/x", "private-address"),
        ("http://127.0.0.1:8000/{{ trigger.id }}", "private-address"),
        ("http://169.254.169.254/latest", "private-address"),
        ("http://[::1]/", "private-address"),
        ("https://shop.example:25/", "bad-port"),
        ("https://shop.example/", None),
        ("http://8.8.8.8/", None),
        ("http://{{ trigger.host }}/", None),
        ("http://10.0.0.{{ trigger.n }}/", None),
    ],
)
def test_targets_that_are_refused_are_warned_of(url: str, code: str | None) -> None:
    """Whether they are depends on this installation's settings, so they are no part of what makes a definition bad."""
    workflow = _workflow("http", {"url": url})

    assert problems_of(workflow, AROUND) == []
    assert [(one.pointer, one.code) for one in warnings_of(workflow)] == (
        [("/workflow/steps/0/with/url", code)] if code else []
    )


def test_targets_that_the_settings_allow_are_not_warned_of() -> None:
    allowed = networks("10.0.0.0/8", "169.254.0.0/16")

    assert warnings_of(_workflow("http", {"url": "http://10.0.0.1/"}), private=allowed) == []
    assert len(warnings_of(_workflow("http", {"url": "http://169.254.169.254/"}), private=allowed)) == 1


@pytest.mark.usefixtures("db_session")
def test_the_check_tells_warnings_and_deploying_goes_on(api: Any) -> None:
    program = api(make_user(role="client"))
    workflow = {
        "trigger": {"type": "manual"},
        "steps": [{"id": "a", "type": "http", "with": {"url": "http://10.1.2.3"}}],
    }

    checked = program.post("/api/ai-automation/workflows/check", json={"workflow": workflow})
    deployed = program.post("/api/ai-automation/deploy", json={"name": "Inside", "workflow": workflow})

    assert checked.status_code == 200, checked.text
    [warning] = checked.json["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/workflow/steps/0/with/url", "private-address")
    assert deployed.status_code == 201, deployed.text


@pytest.mark.parametrize(
    ("trigger", "expression", "doubted"),
    [
        ({"type": "manual"}, "trigger.input.x", ""),
        ({"type": "manual"}, "trigger.x", ""),
        ({"type": "webhook", "signed": False}, "trigger.body.x", ""),
        ({"type": "webhook", "signed": False}, "trigger.input.body.x", ""),
        ({"type": "webhook", "signed": False}, "trigger.input.x", "trigger.body, trigger.headers, trigger.query"),
        ({"type": "webhook", "signed": False}, "trigger.boddy", "trigger.body, trigger.headers, trigger.query"),
        ({"type": "schedule", "cron": "0 6 * * 1", "timezone": "Europe/Berlin"}, "trigger.scheduled_for", ""),
        ({"type": "schedule", "cron": "0 6 * * 1", "timezone": "Europe/Berlin"}, "default(trigger.url, 'x')", ""),
        ({"type": "event", "event": "project.completed"}, "trigger.data.name", ""),
    ],
)
def test_members_that_the_trigger_does_not_give_are_doubted(trigger: Any, expression: str, doubted: str) -> None:
    step = {"id": "a", "type": "transform", "with": {"x": f"{{{{ {expression} }}}}", "y": f"{{{{ {expression} }}}}"}}
    workflow = WorkflowInput.model_validate({"trigger": trigger, "steps": [step]})
    assert problems_of(workflow, Surroundings(events=["project.completed"])) == []
    said = f"Only runs that are started by hand may have this value. This trigger gives {doubted}."
    told = [(one.pointer, one.message) for one in warnings_of(workflow)]
    assert told == ([(f"/workflow/steps/0/with/{name}", said) for name in ("x", "y")] if doubted else [])
