"""The pages of analyses: the guided form, what came of it, other answers, deploying it."""

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_login import current_user

from app.automations.analysis import forms, store
from app.automations.analysis.charts import draw_graph
from app.automations.analysis.intake import analyse_now_or_soon
from app.automations.analysis.kinds import analyses
from app.automations.analysis.logs.opening import MOST_BYTES
from app.automations.analysis.model_runner import model_for
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.operations import (
    change_answers,
    company_for_analysis,
    deploy_analysis,
    preview_answers,
)
from app.automations.analysis.queries import deployed_from, get_analysis
from app.automations.analysis.schemas import AnalyzeInput
from app.automations.analysis.scoring import counted
from app.automations.analysis.what_if import Comparison, compare
from app.automations.editor.operations import begin_suggested_draft
from app.automations.editor.places import Places
from app.automations.kinds import automations
from app.core import records
from app.core.cells import cell
from app.core.errors import NotFound
from app.core.sides import COMPANY, STAFF, Side
from app.core.tenancy import as_system
from app.crud import Presentation, pages
from app.crud.drawing import complete
from app.extensions import db
from app.identity.companies import company_for
from app.jobs.queries import get_job
from app.web import guards, htmx
from app.web.filters import readers_zone
from app.web.forms import SchemaForm, form_class
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted
from app.web.sizes import MEGABYTE
from app.web.steps import LAYOUTS

FIRST_ROWS = 3


@makes_one
def new(side: Side) -> Any:
    """The guided form; a good one leads to what it comes to."""
    schema = forms.ProcessFormOfStaff if side == STAFF else forms.ProcessForm
    zone = readers_zone()[0]
    first = {"timezone": zone.key if zone else "UTC", "steps": [{} for _ in range(FIRST_ROWS)]}
    form = form_class(schema)(data=first)
    if not form.is_submitted():
        return _form_page(side, form)
    command = request.form.get("_do", "")
    if command == "paste" or (command == "save" and form.fields["pasted"].data.strip()):
        return _form_page(side, _with_pasted(schema, form))
    if form.act(command):
        return _form_page(side, form, command=command)
    page = lambda made, status: _form_page(side, made, status)  # noqa: E731
    with submitted(schema, page, form=form) as values:
        made = _begin(values)
    return redirect(analyses.url(made.id, side), 303)


def _begin(values: forms.ProcessForm) -> ProcessAnalysis:
    client_id = company_for_analysis(current_user, getattr(values, "client_id", None))
    asked: dict[str, Any] = {name: getattr(values, name) for name in ("hourly_cost", "currency", "description")}
    asked["process"] = values.name
    asked["steps"] = forms.steps_of(values.steps) or None
    file = request.files.get("file")
    if file is not None and file.filename:
        asked["event_log"] = forms.event_log_of(values, store.keep(file.stream, file.filename, client_id).id)
    return analyse_now_or_soon(
        AnalyzeInput.model_validate(asked), model_for(client_id), client_id=client_id, actor=current_user
    )


def _with_pasted(schema: Any, form: SchemaForm) -> SchemaForm:
    """The form with what was pasted as rows of its own, to be looked at."""
    typed = [{name: f.data for name, f in row.fields.items()} for row in form.fields["steps"].rows]
    filled = [row for row in typed if str(row["name"]).strip()]
    values = {name: f.data for name, f in form.fields.items() if name not in ("steps", "pasted", "client_id")}
    if "client_id" in form.fields:
        values["client_id"] = next(iter(form.fields["client_id"].data), None)
    read = forms.pasted_rows(form.fields["pasted"].data)
    made: SchemaForm = form_class(schema)(formdata=None, data={**values, "steps": [*filled, *read]})
    flash(f"{counted(len(read), 'step')} added below. Check them, then select Analyse.", "info")
    return made


def _form_page(side: Side, form: SchemaForm, status: int = 200, *, command: str = "") -> Any:
    complete(form)
    field = form.fields.get(command.partition(":")[0])
    return htmx.page_or_fragment(
        "automations/analyses/new.html",
        "records/_field.html" if field is not None else "automations/analyses/_form.html",
        status,
        form=form,
        field=field,
        here=f"{analyses.base(side)}/new",
        base=automations.base(side),
        layout=LAYOUTS[side],
        side=side,
        most_mb=MOST_BYTES // MEGABYTE,
        has_model=model_for(None) is not None,
    )


def shown(side: Side, found: ProcessAnalysis) -> dict[str, Any]:
    """What the page of an analysis shows."""
    log = found.result.get("log") if found.result else None
    return {
        "found": found,
        "result": found.result,
        "graph": draw_graph(log) if log else None,
        "automations": deployed_from(found),
        "events_read": _events_read(found),
        "money": {name: Decimal(found.result[name]) for name in ("hourly_cost", "build_cost")} if found.result else {},
        "side": side,
        "here": analyses.url(found.id, side),
        "base": automations.base(side),
    }


def _events_read(found: ProcessAnalysis) -> int | None:
    """How far the reading of its file is; None where nobody has begun."""
    if found.state != "reading" or found.job_id is None:
        return None
    with as_system("a company sees how far the reading of its own event log is"), suppress(NotFound):
        return get_job(db.session, found.job_id).done
    return None


def answers(side: Side, ref: str) -> Any:
    """What if: other answers and another hourly cost. Shows what they would change, and keeps them when told to."""
    found = get_analysis(ref, current_user, for_update=request.method == "POST")
    here = analyses.url(found.id, side)
    if found.result is None:
        return redirect(here, 303)
    values = {"hourly_cost": found.result["hourly_cost"], "steps": forms.rows_of(found.result["steps"])}
    form = form_class(forms.AnswersForm)(data=values)
    form.currency = found.currency

    def page(made: SchemaForm, status: int, comparison: Comparison | None = None) -> Any:
        return render_template(
            "automations/analyses/what_if.html", form=made, found=found, here=f"{here}/answers", at=here,
            base=automations.base(side), layout=LAYOUTS[side], side=side, comparison=comparison,
        ), status  # fmt: skip

    if not form.is_submitted():
        return page(form, 200)
    saves = request.form.get("_do") == "save"
    with submitted(forms.AnswersForm, page, form=form) as given:
        said = [forms.as_said(step) for step in forms.steps_of(given.steps)]
        changes = {"hourly_cost": str(given.hourly_cost)}
        if saves:
            change_answers(found, said, changes, actor=current_user)
        else:
            comparison = compare(found.result, preview_answers(found, said, changes))
    if not saves:
        return page(form, 200, comparison)
    flash("Analysis updated.", "success")
    return redirect(here, 303)


@makes_one
def deploy(side: Side, ref: str) -> Any:
    """Deploy the suggestion as it is."""
    found = get_analysis(ref, current_user, for_update=True)
    with saying_no(at=analyses.url(found.id, side)):
        client_id = company_for(current_user, found.client_id)
        made = deploy_analysis(found, found.process[:120], client_id=client_id, actor=current_user)
    flash(f"Deployed “{made.name}”. It runs when someone starts it.", "success")
    return redirect(Places(side).automation(made.id), 303)


@makes_one
def draft(side: Side, ref: str) -> Any:
    """Open the suggestion in the editor, as a draft of the person's own."""
    found = get_analysis(ref, current_user)
    with saying_no(at=analyses.url(found.id, side)):
        client_id = company_for(current_user, found.client_id)
        made = begin_suggested_draft(found, client_id=client_id, actor=current_user)
    return redirect(Places(side).draft(made.id), 303)


def archive(side: Side, ref: str) -> Any:
    found = get_analysis(ref, current_user, for_update=True)
    with saying_no(at=analyses.url(found.id, side)):
        records.archive(found, actor=current_user)
    flash(f"Archived “{found.process}”.", "success")
    return redirect(analyses.base(side), 303)


def figures(side: Side, ref: str) -> Response:
    """The figures of an analysis as a table."""
    found = get_analysis(ref, current_user)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    names = (
        "name",
        "potential",
        "minutes",
        "times_per_month",
        "hours_per_month",
        "hours_saved_per_month",
        "suggested_step_type",
    )
    writer.writerow([*names, "reasons"])
    for step in (found.result or {}).get("steps", ()):
        writer.writerow([cell(value) for value in (*(step[name] for name in names), " ".join(step["reasons"]))])
    response = Response(buffer.getvalue().encode(), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="analysis.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


new.largest_body = MOST_BYTES + MEGABYTE  # type: ignore[attr-defined]
_WRITTEN: tuple[tuple[str, str, Callable[..., Any], tuple[str, ...]], ...] = (
    ("/new", "new", new, ("GET", "POST")),
    ("/<ref>/answers", "answers", answers, ("GET", "POST")),
    ("/<ref>/deploy", "deploy", deploy, ("POST",)),
    ("/<ref>/draft", "draft", draft, ("POST",)),
    ("/<ref>/archive", "archive", archive, ("POST",)),
)


def _pages(side: Side) -> Blueprint:
    blueprint = pages(
        analyses,
        side,
        without=("history",),
        presentation=Presentation(
            index="automations/analyses/index.html",
            show="automations/analyses/show.html",
            find=lambda ref: get_analysis(ref, current_user),
            context=lambda found: shown(side, found),
        ),
    )
    writes = guards.permission("automations:write", of_staff=side == STAFF)
    for rule, name, view, methods in _WRITTEN:
        blueprint.add_url_rule(rule, name, _bound(view, side, writes), methods=methods)
    reads = guards.STAFF if side == STAFF else guards.permission("automations:read")
    blueprint.add_url_rule("/<ref>/figures.csv", "figures", _bound(figures, side, reads))
    return blueprint


def _bound(view: Callable[..., Any], side: Side, to: guards.Audience) -> Any:
    def bound(**path: Any) -> Any:
        return view(side, **path)

    for kept in ("makes_one", "largest_body"):
        if hasattr(view, kept):
            setattr(bound, kept, getattr(view, kept))
    bound.audience = to  # type: ignore[attr-defined]
    return bound


blueprints = tuple(_pages(side) for side in (STAFF, COMPANY))
