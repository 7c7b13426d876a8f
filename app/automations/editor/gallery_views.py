"""Ready workflows: what each does, what it takes and what it saves, and beginning with one."""

import json
from typing import Any

from flask import make_response, redirect, render_template, request
from flask_login import current_user

from app.automations.drawing.workflows import draw_workflow
from app.automations.editor.finding import companies, missing_tables, secret_names
from app.automations.editor.operations import begin_draft
from app.automations.editor.places import Places
from app.automations.editor.words import words_of_trigger
from app.automations.gallery import Template, find_template, list_templates
from app.automations.tables.operations import create_table
from app.automations.tables.schemas import TableInput
from app.core.errors import DomainError, NotFound
from app.core.ids import as_uuid
from app.core.sides import STAFF, Side
from app.identity.companies import company_for
from app.web.refusals import saying_no
from app.web.steps import LAYOUTS


def gallery(side: Side) -> str:
    """All templates, as cards."""
    found = list_templates()
    return render_template(
        "automations/gallery.html",
        layout=LAYOUTS[side],
        places=Places(side),
        cards=[
            (one, draw_workflow(one.workflow, small=True), words_of_trigger(one.workflow["trigger"])) for one in found
        ],
        categories=list(dict.fromkeys(one.category for one in found)),
    )


def template(side: Side, slug: str) -> Any:
    return _page(side, _found(slug))


def _found(slug: str) -> Template:
    found = find_template(slug)
    if found is None:
        raise NotFound("Template not found.")
    return found


def _page(side: Side, one: Template, status: int = 200, problem: str = "") -> Any:
    page = render_template(
        "automations/template.html", layout=LAYOUTS[side], places=Places(side), is_staff=side == STAFF, template=one,
        drawing=draw_workflow(one.workflow), trigger=words_of_trigger(one.workflow["trigger"]), problem=problem,
        companies=companies() if side == STAFF else (), typed=request.form,
        there=secret_names(current_user.client_id) if side != STAFF else None,
    )  # fmt: skip
    return make_response(page, status)


def use(side: Side, slug: str) -> Any:
    """Begin a draft with the template. The tables that it writes to are made, if they aren't there."""
    one = _found(slug)
    try:
        client_id = company_for(current_user, as_uuid(request.form.get("client_id")))
    except DomainError as error:
        return _page(side, one, 422, error.message)
    with saying_no(at=f"{Places(side).base}/gallery/{slug}"):
        for name in missing_tables(client_id, one.needs_tables):
            columns = list(one.needs_tables[name])
            create_table(
                TableInput.model_validate({"client_id": client_id, "name": name, "columns": columns}),
                actor=current_user,
            )
        draft = begin_draft(
            one.name,
            json.loads(json.dumps(one.workflow)),
            client_id=client_id,
            actor=current_user,
            example_input=dict(one.example_input),
            minutes_saved=one.minutes_saved,
        )
    return redirect(Places(side).draft(draft.id), 303)
