"""The form of a step, and that of a trigger: from the JSON of a draft to fields, and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.automations.definitions.schemas import StepInput
from app.automations.definitions.types import STEP_TYPES, TRIGGER_TYPES
from app.automations.editor.fields import Field, Sent, fields_of, nested, read
from app.automations.editor.json_text import MISSING
from app.core.errors import FieldError

ABOUT = ("name", "id")
WHEN = ("if", "timeout_seconds", "retry/max_attempts", "retry/backoff_seconds", "on_error", "example")
_OWN = {"type", "needs", *ABOUT, *(name.partition("/")[0] for name in WHEN), "with"}


def about_fields(step: Mapping[str, Any]) -> list[Field]:
    return fields_of(StepInput, step, "", only=ABOUT)


def when_fields(step: Mapping[str, Any]) -> list[Field]:
    return fields_of(StepInput, step, "", only=WHEN)


def with_fields(step: Mapping[str, Any]) -> list[Field]:
    """The fields of what the step is given; of a type that isn't known, any names."""
    kind = STEP_TYPES.get(str(step.get("type")))
    form, expressions = (kind.form, kind.expressions) if kind else (None, ())
    return fields_of(form, step.get("with"), "with", expressions=expressions)


def step_fields(step: Mapping[str, Any]) -> list[Field]:
    return [*about_fields(step), *with_fields(step), *when_fields(step)]


def read_step(step: Mapping[str, Any], sent: Sent) -> tuple[dict[str, Any], list[FieldError]]:
    """The step as it was filled in: what says nothing is left out, and what has no field stays."""
    values, errors = read(step_fields(step), sent)
    if values.get("on_error") == "fail":
        del values["on_error"]
    made = {"id": step["id"], "type": step["type"]} | nested(_without_empty_with(values), "")
    if "with" in values and not isinstance(made.get("with"), dict):
        made["with"] = values["with"]
    if needs := [one for one in sent("needs") if one and one != step["id"]]:
        made["needs"] = list(dict.fromkeys(needs))
    return {**{name: value for name, value in step.items() if name not in _OWN}, **made}, errors


def _without_empty_with(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in values.items() if value is not MISSING and not (name == "with" and value == {})
    }


def trigger_fields(trigger: Mapping[str, Any], kind: str, events: Iterable[str] = ()) -> list[Field]:
    """The fields of a trigger of that kind; what the trigger has of another kind is left behind."""
    given = trigger if trigger.get("type") == kind else {}
    return fields_of(TRIGGER_TYPES[kind].form, given, "")


def read_trigger(kind: str, sent: Sent) -> dict[str, Any]:
    values, _ = read(trigger_fields({}, kind), sent)
    kept = {name: value for name, value in values.items() if value is not False}
    if kept.get("missed") == "one":
        del kept["missed"]
    return {"type": kind, **kept}
