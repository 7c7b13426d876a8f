"""Running a run again: first what would be kept and what done again, then the new run."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from app.automations.errors import RunIsNotOver
from app.automations.models import Automation, Run
from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring import reading
from app.automations.monitoring.item_choice import Choice, check, choice_of, loop_of
from app.automations.monitoring.places import run_url
from app.automations.monitoring.retrying import ALL, Planned, number_for, read_input, steps_planned
from app.automations.monitoring.showing import in_lines
from app.automations.runs.operations import retry_run
from app.automations.runs.versions import definition_of
from app.core.errors import DomainError
from app.core.sides import Side
from app.web import htmx
from app.web.refusals import saying_no, told_at

EDITED_UP_TO = 60_000
"""Characters of an input that can be edited in the page."""


def retry(side: Side, automation_id: UUID, run_id: UUID) -> Any:
    sending = request.method == "POST"
    automation, found = reading.get_run(current_user, automation_id, run_id, lock=sending)
    if found.finished_at is None:
        return told_at(run_url(found, side), RunIsNotOver())
    if not sending:
        return _page(side, automation, found)
    try:
        given = _given(found)
    except DomainError as error:
        return _page(side, automation, found, problem=error.message, status=422)
    asked = request.form.get("from_step", "")
    from_step = asked if asked not in ("", ALL) else None
    again = lambda error: _page(side, automation, found, problem=error.message, status=error.status)  # noqa: E731
    with saying_no(tell=again):
        number = number_for(found, automation, _version())
        choice = _choice(found, asked)
        if choice is not None:
            check(choice, (), definition_of(found.automation_id, number))
        made = retry_run(
            found, actor=current_user, from_step=from_step, given=given, version=number, everything=asked == ALL,
            items=choice.items if choice else None, edited=choice.edited if choice else None,
        )  # fmt: skip
        there = run_url(made, side)
    flash("New run started.", "success")
    return redirect(there, 303)


def _version() -> Any:
    return "current" if request.values.get("version") == "current" else "same"


def _choice(found: Run, from_step: str) -> Choice | None:
    """The items of a loop that were asked for, where it begins with one."""
    known = definition_of(found.automation_id, found.version_number).steps
    loop = loop_of(found, from_step) if from_step in known else None
    return None if loop is None else choice_of(found, loop, request.values)


def _given(found: Run) -> dict[str, Any] | None:
    """The input that was typed, if it was changed."""
    text = request.values.get("input")
    if text is None or not text.strip():
        return {} if found.data_removed_at is not None and text is not None else None
    value = read_input(text)
    return None if value == found.input and found.data_removed_at is None else value


def _page(side: Side, automation: Automation, found: Run, *, problem: str = "", status: int = 200) -> Response:
    usual = ALL if found.status == "succeeded" or found.data_removed_at is not None else ""
    from_step = request.values.get("from_step", usual)
    typed = request.values.get("input")
    planned: list[Planned] = []
    choice = _choice(found, from_step)
    number = number_for(found, automation, _version())
    try:
        given = _given(found)
        planned = list(steps_planned(found, number, from_step, with_input=given is not None))
        if choice is not None:
            check(choice, planned, definition_of(found.automation_id, number))
    except DomainError as error:
        problem, status = problem or error.message, max(status, error.status)
    whole = in_lines(found.input or {})
    return htmx.page_or_fragment(
        "automations/retry.html",
        "automations/_retry_part.html",
        status,
        automation=automation,
        run=found,
        here=run_url(found, side),
        planned=planned,
        choice=choice,
        problem=problem,
        from_step=from_step,
        version=_version(),
        number=number,
        steps=definition_of(found.automation_id, number).workflow.steps,
        input_text=typed if typed is not None else whole,
        can_edit=len(whole) <= EDITED_UP_TO,
        everything=ALL,
    )


on.page("/<uuid:automation_id>/runs/<uuid:run_id>/retry", retry, methods=("GET", "POST"), writes=True)
