"""Failures of automations in the JSON API."""

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, BeforeValidator, Field

from app.api.access import actor
from app.api.operation import Answer, Example, operation
from app.automations.monitoring import failures as groups
from app.automations.monitoring.jobs import RETRY
from app.core.schemas import Input, Output, TimeOut
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import is_staff
from app.jobs.queue import enqueue

bp = Blueprint("automation_failures_api", __name__, url_prefix="/api/ai-automation")
_TAGS = ("Runs",)
_COMPANY = "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2c"
_FAILURE = {
    "fingerprint": "5b1c1f0d9e8a7b6c",
    "client_id": _COMPANY,
    "workflow_id": "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2d",
    "workflow": "Invoice intake",
    "step": "fetch",
    "message": "The service answered with 503.",
    "count": 12,
    "count_is_exact": True,
    "first_seen": "2026-11-28T06:00:04Z",
    "last_seen": "2026-11-30T06:00:05Z",
    "sample_run_id": "019aa8f1-1c10-7a53-9b22-4d6e8f0a1b2e",
}
_AGAIN = {"runs": 12, "again": 12, "without_data": 0, "from_step": "fetch", "version": 3}


class FailuresQuery(BaseModel):
    """Filters for failures."""

    client_id: Annotated[
        UUID | None, BeforeValidator(lambda value: value or None), Field(description="The company. Only staff set it.")
    ] = None


class FailureOut(Output):
    """A group of failed runs with the same error that nobody has run again or dismissed. If `count_is_exact` is false,
    there are at least `count` runs."""

    fingerprint: str
    client_id: UUID
    workflow_id: UUID
    workflow: str
    step: str
    message: str
    count: int
    count_is_exact: bool
    first_seen: TimeOut
    last_seen: TimeOut
    sample_run_id: UUID


class FailuresOut(Output):
    """The groups, newest first. If `complete` is false, there are more."""

    groups: list[FailureOut]
    complete: bool


class FailureRetryInput(Input):
    """How to run a group again. With `dry_run`, nothing runs: the answer is a preview."""

    dry_run: bool = False
    version: Literal["same", "current"] = "same"
    client_id: Annotated[UUID | None, Field(description="The company. Only staff set it.")] = None


class FailureRetryOut(Output):
    """What runs again, or would: `again` out of `runs`. Runs `without_data` can't, because their data was removed.
    `job_id` is the job that starts them."""

    runs: int
    again: int
    without_data: int
    from_step: str
    version: int
    dry_run: bool
    job_id: int | None


@bp.get("/failures")
@operation(
    allow="automations:read",
    answers={200: FailuresOut},
    tags=_TAGS,
    query=FailuresQuery,
    problems=(404,),
    example=Example(answer={"groups": [_FAILURE], "complete": True}),
)
def get_automation_failures(query: FailuresQuery) -> dict[str, Any]:
    """List failed runs, grouped by error.

    At most 200 groups. A group is removed from the list when its runs are run again or dismissed.
    """
    person = actor()
    client_id = (
        query.client_id if is_staff(person) and query.client_id is None else company_for(person, query.client_id)
    )
    found = groups.failures(client_id)
    return {"groups": [_answer(one) for one in found], "complete": len(found) < groups.MOST_GROUPS}


@bp.post("/failures/<fingerprint>/retry")
@operation(
    allow="automations:write",
    answers={200: FailureRetryOut, 202: FailureRetryOut},
    tags=_TAGS,
    body=FailureRetryInput,
    body_is_optional=True,
    path={"fingerprint": "The group’s fingerprint."},
    problems=(404,),
    example=Example(
        body={"dry_run": True},
        path={"fingerprint": str(_FAILURE["fingerprint"])},
        answer={**_AGAIN, "dry_run": True, "job_id": None},
        others={202: {**_AGAIN, "dry_run": False, "job_id": 4711}},
    ),
)
def retry_automation_failures(body: FailureRetryInput, fingerprint: str) -> Answer:
    """Run a group of failed runs again.

    A job starts the runs in batches (202). Each one starts at the step that failed, as a new run with the old one as
    its parent. With `"dry_run": true`, the answer is a preview (200), and nothing runs.
    """
    client_id = company_for(actor(), body.client_id)
    planned = groups.preview(groups.failure(client_id, fingerprint), body.version)
    job_id = None
    if not body.dry_run:
        job_id = enqueue(
            db.session, RETRY, queueing_lock=f"{RETRY}:{fingerprint}", client_id=client_id, fingerprint=fingerprint,
            last=planned.last_id, version=body.version, total=planned.again,
        )  # fmt: skip
    said = {name: getattr(planned, name) for name in ("runs", "again", "without_data", "from_step", "version")}
    return Answer({**said, "dry_run": body.dry_run, "job_id": job_id}, 200 if body.dry_run else 202)


def _answer(found: groups.Failure) -> dict[str, Any]:
    names = (
        "fingerprint", "client_id", "step", "message", "count", "count_is_exact", "first_seen", "last_seen",
        "sample_run_id",
    )  # fmt: skip
    told = {name: getattr(found, name) for name in names}
    return {**told, "workflow_id": found.automation_id, "workflow": found.automation}
