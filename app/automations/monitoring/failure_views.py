"""Failures in groups: what went wrong how often, and running all of a group again, or dismissing it."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.automations.monitoring import blueprint_views as on
from app.automations.monitoring import failures as groups
from app.automations.monitoring.failures import MOST_AT_ONCE, MOST_GROUPS, Failure
from app.automations.monitoring.jobs import RETRY
from app.automations.monitoring.places import BASES
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.sides import STAFF, Side
from app.extensions import db
from app.identity.policy import can, is_staff
from app.jobs.queue import enqueue
from app.web.refusals import saying_no


def failures(side: Side) -> str:
    client_id = as_uuid(request.args.get("client_id")) if is_staff(current_user) else current_user.client_id
    found = groups.failures(client_id)
    return render_template(
        "automations/failures.html", failures=found, client_id=client_id, most=MOST_GROUPS, may_write=_may_write()
    )


def failure(side: Side, client_id: UUID, fingerprint: str) -> str:
    found = _found(client_id, fingerprint)
    version = "current" if request.args.get("version") == "current" else "same"
    return render_template(
        "automations/failure.html",
        failure=found,
        preview=groups.preview(found, version),
        previews={one: groups.preview(found, one) for one in ("same", "current")},
        version=version,
        most=MOST_AT_ONCE,
        may_write=_may_write(),
        here=f"{BASES[side]}/failures/{client_id}/{fingerprint}",
    )


def retry_failure(side: Side, client_id: UUID, fingerprint: str) -> Any:
    """Have a job run the group again."""
    found = _found(client_id, fingerprint)
    version = "current" if request.form.get("version") == "current" else "same"
    planned = groups.preview(found, version)
    with saying_no(at=f"{BASES[side]}/failures"):
        job_id = enqueue(
            db.session, RETRY, queueing_lock=f"{RETRY}:{fingerprint}", client_id=client_id, fingerprint=fingerprint,
            last=planned.last_id, version=version, total=planned.again,
        )  # fmt: skip
    said = f"Running {planned.again:,} failed runs again." if planned.again != 1 else "Running the failed run again."
    if side == STAFF and can(current_user, "jobs:read"):
        flash(
            {"text": said, "url": url_for("portal.job", job_id=job_id), "label": "View progress", "method": "get"},  # type: ignore[arg-type]
            "success",
        )
    else:
        flash(said, "success")
    return redirect(f"{BASES[side]}/failures", 303)


def dismiss_failure(side: Side, client_id: UUID, fingerprint: str) -> Any:
    _found(client_id, fingerprint)
    with saying_no(at=f"{BASES[side]}/failures"):
        count = groups.dismiss(client_id, fingerprint)
    flash(f"Dismissed {count:,} failed runs." if count != 1 else "Dismissed the failed run.", "success")
    return redirect(f"{BASES[side]}/failures", 303)


def _found(client_id: UUID, fingerprint: str) -> Failure:
    if not is_staff(current_user) and client_id != current_user.client_id:
        raise NotFound("Failure not found.")
    return groups.failure(client_id, fingerprint)


def _may_write() -> bool:
    return can(current_user, "automations:write")


_ONE = "/failures/<uuid:client_id>/<fingerprint>"
on.page("/failures", failures)
on.page(_ONE, failure)
on.page(f"{_ONE}/retry", retry_failure, methods=("POST",), writes=True)
on.page(f"{_ONE}/dismiss", dismiss_failure, methods=("POST",), writes=True)
