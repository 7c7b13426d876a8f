"""Fields from JSON Schemas: what is shown is what is there, and what comes back is what was typed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.automations.definitions.json_schema import workflow_schema
from app.automations.definitions.schemas import StepInput
from app.automations.definitions.types import STEP_TYPES, TRIGGER_TYPES, InnerStep
from app.automations.editor.fields import as_sent, with_errors
from app.automations.editor.forms_of_steps import read_step, read_trigger, step_fields, trigger_fields, with_fields
from app.automations.editor.json_text import MISSING, NotJson, from_text, to_text
from app.core.errors import FieldError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_any_value_comes_back_as_it_was(value):
    found = from_text(to_text(value))
    assert json.dumps(found) == json.dumps(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ('"5"', "5"), ("five", "five"), ("true", True), ("null", None), ('{"a": [1]}', {"a": [1]}),
        ("{{ trigger.body }}", "{{ trigger.body }}"), ("{{ a }} and [b", "{{ a }} and [b"), ("", MISSING),
        ("  ", MISSING),
        ('"Hello" she said', '"Hello" she said'), ("NaN", "NaN"),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_as_json_or_as_a_text(text, value):
    assert from_text(text) == value


def test_what_begins_like_json_and_isnt_says_where():
    with pytest.raises(NotJson, match=r"line 2, character 3"):
        from_text('{"a": 1,\n  b: 2}')


# fmt: off
STEPS = [
    {"id": "a", "type": "http", "name": "Fetch", "with": {"method": "POST", "url": "{{ secrets.URL }}/x",
        "headers": {"X-A": "5"}, "json": {"total": "{{ trigger.body.total }}", "list": [1, "2"]}},
     "retry": {"max_attempts": 3, "backoff_seconds": 0.5}, "timeout_seconds": 20, "on_error": "continue"},
    {"id": "b", "type": "transform", "needs": ["a"], "with": {"n": 5, "text": "5", "deep": {"x": [None]}}},
    {"id": "c", "type": "condition", "if": "steps.a.status == 'succeeded'", "with": {"if": "1 < 2"}},
    {"id": "d", "type": "email", "with": {"to": ["a@a.example", "b@b.example"], "subject": "Hi", "text": "A\nB"}},
    {"id": "e", "type": "for_each", "with": {"items": "{{ trigger.body.rows }}", "concurrency": 2,
        "step": {"type": "http", "if": "item.ok", "with": {"url": "https://a.example"}}}},
    {"id": "f", "type": "delay", "with": {"seconds": 0}, "example": {"seconds": 0}},
    {"id": "g", "type": "approval", "with": {"ask": "May we?", "of": "staff", "expires_in_seconds": 3600}},
    {"id": "h", "type": "language_model", "with": {"prompt": "{{ trigger }}\n", "json_schema": {"type": "object"}}},
    {"id": "i", "type": "record", "with": {"kind": "project", "action": "create", "values": {"name": "X", "n": 5}}},
    {"id": "j", "type": "workflow", "with": {"workflow_id": "0199a5b0-0000-7000-8000-0000000000aa"}},
    {"id": "k", "type": "sms", "with": {"to": "+49 30 1", "text": "Hi"}, "example": "sent"},
    {"id": "l", "type": "chat", "with": {"url": "{{ secrets.CHAT }}", "text": "Hi"}},
]  # fmt: skip


def form_data(fields, needs=()):
    """What a browser sends of these fields when nobody changes them."""
    sent = MultiDict([("needs", one) for one in needs])
    for one in fields:
        if one.kind == "step":
            sent.update(form_data(one.fields))
        elif one.kind == "pairs":
            for row in one.rows:
                sent.add(f"{one.name}/name", row.name)
                sent.add(f"{one.name}/value", row.text)
        elif one.kind != "flag" or one.text:
            sent.add(one.name, one.text)
    return sent


def test_every_type_of_step_is_tried_here():
    assert {step["type"] for step in STEPS} == set(STEP_TYPES)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["type"])
def test_a_form_sent_unchanged_changes_nothing(step):
    sent = form_data(step_fields(step), step.get("needs", ()))
    again, errors = read_step(step, sent.getlist)
    assert errors == []
    without_defaults = {**again, "with": {k: v for k, v in again.get("with", {}).items() if v != STEP_DEFAULTS.get(k)}}
    assert without_defaults == {
        **step,
        "with": {k: v for k, v in step.get("with", {}).items() if v != STEP_DEFAULTS.get(k)},
    }


STEP_DEFAULTS = {"method": "GET", "of": "company"}


def test_each_form_has_a_field_for_each_member_of_its_schema():
    for step in STEPS:
        kind = STEP_TYPES[step["type"]]
        if kind.form is not None:
            names = {one.name.split("/")[1] for one in with_fields(step)}
            assert names == set(kind.form.model_json_schema(by_alias=True)["properties"])


def test_a_value_that_does_not_fit_its_field_is_kept():
    step = {"id": "a", "type": "http", "with": {"url": {"no": "text"}, "headers": "{{ trigger.body.headers }}"}}
    again, errors = read_step(step, form_data(step_fields(step)).getlist)
    assert errors == []
    assert {"url": {"no": "text"}, "headers": "{{ trigger.body.headers }}"}.items() <= again["with"].items()


def test_problems_stand_at_their_fields_and_rows():
    step = {"id": "a", "type": "http", "with": {"headers": {"X-A": "{{ ("}}}
    problems = [
        FieldError("/steps/0/with/url", "Fill this in.", "missing"),
        FieldError("/steps/0/with/headers/X-A", "Not closed.", "bad-expression"),
        FieldError("/steps/1/with/url", "Another step.", "missing"),
    ]
    by_name = {one.name: one for one in with_errors(step_fields(step), problems, "/steps/0")}
    assert by_name["with/url"].errors == ("Fill this in.",)
    assert by_name["with/headers"].errors == ()
    assert by_name["with/headers"].rows[0].errors == ("Not closed.",)


def test_what_cannot_be_read_is_shown_again_as_typed():
    step = {"id": "a", "type": "http", "with": {"url": "https://example.com"}}
    sent = form_data(step_fields(step))
    sent["with/json"] = "{broken"
    _, errors = read_step(step, sent.getlist)
    assert [(one.pointer, one.code) for one in errors] == [("/with/json", "not-json")]
    assert {one.name: one.text for one in as_sent(step_fields(step), sent.getlist)}["with/json"] == "{broken"


def test_a_loop_whose_step_becomes_another_gets_its_fields_empty():
    step = STEPS[4]
    sent = form_data(step_fields(step))
    sent["with/step/type"] = "email"
    again, _ = read_step(step, sent.getlist)
    assert again["with"]["step"] == {"type": "email"}


def test_triggers_keep_what_says_something():
    assert read_trigger("webhook", MultiDict({"signed": "on"}).getlist) == {"type": "webhook", "signed": True}
    assert read_trigger("webhook", MultiDict().getlist) == {"type": "webhook"}
    sent = MultiDict({"cron": "0 6 * * 1", "timezone": "Europe/Berlin", "missed": "one"})
    assert read_trigger("schedule", sent.getlist) == {
        "type": "schedule",
        "cron": "0 6 * * 1",
        "timezone": "Europe/Berlin",
    }
    assert [one.name for one in trigger_fields({"type": "event", "event": "a.b"}, "event")] == ["event"]


FORMS = {
    "step": StepInput,
    "inner step": InnerStep,
    **{name: kind.form for name, kind in (STEP_TYPES | TRIGGER_TYPES).items() if kind.form is not None},
}


@pytest.mark.parametrize("name", FORMS)
def test_the_served_schema_names_every_field(name):
    """Anybody's editor can draw the forms: a title that isn't just the name of the member, and labels of choices."""
    definitions = workflow_schema()["$defs"]
    for member, spec in definitions[FORMS[name].__name__]["properties"].items():
        if "const" in spec:
            continue
        assert spec["title"][0].isupper() or spec["title"] == "", member
        assert "_" not in spec["title"], member
        if "enum" in spec and not all(value.isupper() for value in spec["enum"]):
            assert set(spec["x-enum-labels"]) == set(spec["enum"]), member


def test_titles_and_help_stand_in_the_schema():
    properties = workflow_schema()["$defs"]["StepInput"]["properties"]
    assert (properties["if"]["title"], properties["needs"]["title"]) == ("Condition", "Starts after")
    retry = workflow_schema()["$defs"]["Retry"]["properties"]["max_attempts"]
    assert (retry["title"], retry["description"]) == ("Attempts", "Including the first one.")
    assert workflow_schema()["$defs"]["ScheduleTrigger"]["properties"]["missed"]["x-enum-labels"]["none"] == "Skip them"
    assert [one["type"] for one in workflow_schema()["x-trigger-types"]] == list(TRIGGER_TYPES)
