"""The page of background jobs: what waits, runs, failed; staff see it, administrators retry and cancel."""

from typing import Any

from flask import flash, redirect, request, url_for

from app.core import zones
from app.core.errors import NotFound
from app.core.ids import as_number
from app.extensions import db
from app.jobs import operations
from app.jobs.models import STATES
from app.jobs.queries import count_jobs, count_workers, get_job, list_jobs, list_task_names
from app.jobs.tasks import title_of
from app.portal.blueprint import bp
from app.web import htmx
from app.web.guards import allow


@bp.get("/admin/jobs")
@allow("jobs:read")
def jobs() -> Any:
    state = request.args.get("state", "")
    task = request.args.get("task", "").replace("\0", "")
    before = request.args.get("before", type=int)
    return htmx.page_or_fragment(
        "portal/jobs.html",
        "portal/_jobs.html",
        found=list_jobs(
            db.session,
            state=state if state in STATES else None,
            task=task or None,
            before=before if before is not None and 0 < before < 2**63 else None,
        ),
        counts=count_jobs(db.session, *STATES),
        workers=count_workers(db.session),
        tasks=sorted(list_task_names(db.session), key=title_of),
        states=STATES,
        state=state if state in STATES else "",
        task=task,
        before=before,
        zones_version=zones.VERSION,
    )


@bp.get("/admin/jobs/<job_id>")
@allow("jobs:read")
def job(job_id: str) -> Any:
    return htmx.page_or_fragment("portal/job.html", "portal/_job.html", job=get_job(db.session, _number(job_id)))


@bp.post("/admin/jobs/<job_id>/retry")
@allow("jobs:write")
def retry_job(job_id: str) -> Any:
    operations.retry_job(db.session, _number(job_id))
    db.session.commit()
    flash("The job is in the queue again.", "success")
    return redirect(url_for("portal.job", job_id=job_id), 303)


@bp.post("/admin/jobs/<job_id>/cancel")
@allow("jobs:write")
def cancel_job(job_id: str) -> Any:
    operations.cancel_job(db.session, _number(job_id))
    db.session.commit()
    flash("The job is cancelled. A running one stops at its next step.", "success")
    return redirect(url_for("portal.job", job_id=job_id), 303)


def _number(job_id: str) -> int:
    if (number := as_number(job_id)) is None:
        raise NotFound("There is no such job.")
    return number
