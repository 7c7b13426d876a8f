"""The pages of automations, their secrets and their runs: staff’s under /admin, the companies’ under /dashboard."""

from functools import partial, wraps

from flask import Blueprint, redirect
from flask_login import current_user
from werkzeug.wrappers import Response

from app.automations.editor import page_views, secret_views
from app.automations.kinds import automations, runs, secrets
from app.automations.monitoring.list_views import LISTED
from app.automations.steps import AUTOMATION, RUN
from app.core.records import get_record
from app.core.sides import COMPANY, STAFF, Side
from app.crud import Presentation, pages
from app.web.guards import STAFF as STAFF_ALONE
from app.web.guards import permission


def _automations(audience: Side) -> Blueprint:
    shown = Presentation(
        index="automations/index.html", show="automations/show.html", context=page_views.shown(audience)
    )
    return pages(automations, audience, steps=AUTOMATION, without=("edit",), presentation=shown)


def _runs(audience: Side) -> Blueprint:
    """The list of all runs. A run's own page lies below its automation; the list's addresses lead there."""
    blueprint = pages(runs, audience, steps=RUN, without=("show", "history"), presentation=LISTED[audience])
    met = runs.met_by(audience)

    def show(ref: str) -> Response:
        run = get_record(met, ref, seen_by=current_user)
        return redirect(f"{automations.met_by(audience).url(run.automation_id)}/runs/{run.id}", 303)

    show.audience = STAFF_ALONE if audience == STAFF else permission(runs.read_permission)  # type: ignore[attr-defined]
    blueprint.add_url_rule("/<ref>", "show", show)
    return blueprint


def _secrets(audience: Side) -> Blueprint:
    shown = Presentation(
        index="automations/secrets.html",
        show=secret_views.TEMPLATE,
        context=secret_views.shown(audience),
        above=(("Automations", automations.base(audience)),),
    )
    blueprint = pages(secrets, audience, without=("edit", "export"), presentation=shown)
    for verb, view in (("value", secret_views.replace), ("delete", secret_views.delete)):
        bound = wraps(view)(partial(view, audience))
        bound.audience = permission(secrets.write_permission, of_staff=audience == STAFF)  # type: ignore[attr-defined]
        blueprint.add_url_rule(f"/<ref>/{verb}", verb, bound, methods=["POST"])
    return blueprint


blueprints = tuple(
    made for audience in (STAFF, COMPANY) for made in (_runs(audience), _secrets(audience), _automations(audience))
)
