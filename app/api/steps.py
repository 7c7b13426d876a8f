"""The API paths of a kind's steps: `POST <record>/<verb>` for each."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from app.api import access
from app.api.operation import Example, View, operation
from app.core.steps import Step, Steps


def mount_steps(
    bp: Blueprint,
    steps: Steps,
    rule: str,
    find: Callable[..., Any],
    *,
    noun: str,
    examples: Mapping[str, Example],
    ids: Mapping[str, str] | None = None,
    without: Collection[str] = (),
    **shared: Any,
) -> None:
    """Give each step its path below `rule`, the record's. `find` takes the step, the body if there is one, and the
    variables of the rule; it returns the record, with the locks that its operations expect. An operation is named
    after the verb and `noun`, unless `ids` has another name; `shared` goes to `operation` for all of them (`answers`,
    `path`, `tags`)."""
    steps.require_operations()
    for step in steps.steps:
        if step.verb not in without:
            name = (ids or {}).get(step.verb, f"{step.verb}_{noun}")
            view = _view(steps, step, find, id=name, example=examples[step.verb], **shared)
            bp.add_url_rule(f"{rule}/{step.verb}", endpoint=name, view_func=view, methods=["POST"])


def _view(steps: Steps, step: Step, find: Callable[..., Any], **declared: Any) -> View:
    if len(needed := set(step.by.values())) > 1:
        raise ValueError(f"{steps.table}: {step.verb} needs {sorted(needed)}, and a path takes one permission")
    (permission,) = needed
    if step.body is not None:
        is_optional = not any(field.is_required() for field in step.body.model_fields.values())
        declared |= {"body": step.body, "body_is_optional": is_optional}

    @operation(allow=permission, description=step.about, problems=(409,), **declared)
    def take(body: BaseModel | None = None, **path: str) -> Any:
        found = find(step, body, **path)
        return steps.take(found, step.verb, body, actor=access.actor())

    return take
