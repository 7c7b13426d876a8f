"""Runs in the JSON API: begun by hand, read whole, cancelled, made again, and their questions answered."""

from typing import Any

from flask import Blueprint

from app.api.access import actor
from app.api.crud import mount
from app.api.operation import Answer, Example, operation_with
from app.api.paging import list_answer
from app.automations import api_examples as examples
from app.automations.deciding import require_asked
from app.automations.definitions.reading import require_storable
from app.automations.errors import AutomationIsPaused, Loop
from app.automations.kinds import automations, runs
from app.automations.models import Automation, Run
from app.automations.monitoring.run_list import RUNS
from app.automations.run_queries import item_whole, run_whole, step_whole
from app.automations.run_schemas import AnswerInput, RetryInput, RunInput, RunItemOut, RunOut, RunStepOut, RunSummary
from app.automations.runs import operations
from app.automations.runs.inside import DEEPEST
from app.automations.triggers.hooks import chain_depth
from app.automations.triggers.loops import stop
from app.core.addresses import api_prefix
from app.core.errors import NotFound
from app.core.ids import as_number
from app.core.lists import query_schema_below
from app.core.records import IsArchived, get_record
from app.extensions import db

bp = Blueprint("runs_api", __name__, url_prefix="/api")
operation = operation_with(tags=("Runs",))
_RUNS = "/ai-automation/runs"
_OF_RUN = {"run_id": "The ID of the run."}


def _example(**more: Any) -> Example:
    return Example(path=examples.OF_RUN, answer=more.pop("answer", examples.RUN), **more)


mount(
    bp,
    runs,
    path={"reference": examples.WORKFLOW_ID, "run_id": examples.RUN_ID},
    answer=examples.SUMMARY,
    without=("get",),
    unasked=("workflow_id", "client_id"),
    ids={"list": "list_runs_of_automation"},
    about={"list": ("List the runs of an automation", "Newest first, without steps.")},
    examples={"list": Example(query="status=failed&limit=2", answer=[{**examples.SUMMARY, "status": "failed"}])},
)


@bp.get(_RUNS)
@operation(
    allow=runs.read_permission,
    query=query_schema_below(RUNS, "automation"),
    answers={200: list[RunSummary]},
    example=Example(query="status=succeeded&limit=2", answer=[examples.SUMMARY]),
    problems=(404,),
    paged=True,
)
def list_runs(query: Any) -> Answer:
    """List runs.

    Runs of all automations of the company, newest first, without steps. Staff see the runs of all companies. A page may
    have fewer than `limit` runs even if there are more; follow `Link` to the next page.
    """
    held = runs.held_to(actor())
    if query.client_id not in (None, held.get("client_id", query.client_id)):
        raise NotFound("There is no such company.")
    return list_answer(RUNS, query, staff=True, options=runs.load_options, **held)


def _run(run_id: str, *, lock: bool = False) -> Run:
    found: Run = get_record(runs, run_id, for_update=lock, seen_by=actor())
    return found


def _begun(run: Run) -> Answer:
    return Answer(run_whole(run), headers={"Location": f"{api_prefix()}{_RUNS}/{run.id}"})


@bp.post("/ai-automation/workflows/<reference>/run")
@operation(
    allow=runs.write_permission,
    body=RunInput,
    body_is_optional=True,
    server_sets=RunOut,
    answers={202: RunOut},
    path={"reference": "The ID of the automation."},
    example=Example(
        path=examples.OF_WORKFLOW,
        body={"input": {"order": "A-17"}, "dry_run": False},
        answer=examples.QUEUED,
    ),
    problems=(409,),
)
def run_automation(reference: str, body: RunInput) -> Answer:
    """Run an automation now.

    The run continues in the background; `Location` is its URL. A rehearsal (`dry_run`) sends and changes nothing:
    `would` shows what each step would send or change. A paused automation can only be rehearsed.
    """
    automation: Automation = get_record(automations, reference, seen_by=actor())
    if automation.is_archived:
        raise IsArchived(automation)
    if automation.status == "paused" and not body.dry_run:
        raise AutomationIsPaused
    require_storable(body.input, "/input")
    depth = chain_depth()
    if depth > DEEPEST and not body.dry_run:
        db.session.rollback()  # A key of the request is claimed by what is done, and nothing is.
        stop([automation], trigger="manual", delivery=None, given=body.input, actor=actor())
        db.session.commit()
        raise Loop
    made, _ = operations.begin_run(
        automation, trigger="manual", given=body.input, actor=actor(), version=body.version, dry_run=body.dry_run,
        depth=min(depth, DEEPEST),
    )  # fmt: skip
    return _begun(db.session.get_one(Run, made))


@bp.get(f"{_RUNS}/<run_id>")
@operation(allow=runs.read_permission, answers={200: RunOut}, path=_OF_RUN, example=_example())
def get_run(run_id: str) -> RunOut:
    """Read one run.

    Includes each step with its state, input, output and attempts. Secrets are masked as `•••`. The answer has at most
    4 MiB of step values and 1,000 loop items. Larger values are replaced by `{"truncated": true}`, and their step has
    `"truncated": true`; read them in full at `…/steps/{step}`.
    """
    return run_whole(_run(run_id))


@bp.get(f"{_RUNS}/<run_id>/steps/<step>")
@operation(
    allow=runs.read_permission,
    answers={200: RunStepOut},
    path={**_OF_RUN, "step": "The ID of the step."},
    example=Example(path={**examples.OF_RUN, "step": "fetch"}, answer=examples.FETCHED),
)
def get_step_of_run(run_id: str, step: str) -> RunStepOut:
    """Read one step of a run.

    In full, however large its values are. A loop has as many items as fit into 4 MiB; read others one by one.
    """
    return step_whole(_run(run_id), step)


@bp.get(f"{_RUNS}/<run_id>/steps/<step>/items/<item>")
@operation(
    allow=runs.read_permission,
    answers={200: RunItemOut},
    path={**_OF_RUN, "step": "The ID of the loop.", "item": "The number of the item, counted from 0."},
    example=Example(path={**examples.OF_RUN, "step": "each", "item": "0"}, answer=examples.ITEM),
)
def get_item_of_run(run_id: str, step: str, item: str) -> RunItemOut:
    """Read one item of a loop.

    In full, however large its values are.
    """
    return item_whole(_run(run_id), step, as_number(item))


@bp.post(f"{_RUNS}/<run_id>/cancel")
@operation(
    allow=runs.write_permission,
    answers={200: RunOut},
    path=_OF_RUN,
    example=_example(answer=examples.CANCELLED),
    problems=(409,),
)
def cancel_run(run_id: str) -> RunOut:
    """Cancel a run.

    No further steps start. The result of an attempt in progress is discarded.
    """
    return run_whole(operations.cancel_run(_run(run_id, lock=True), actor=actor()))


@bp.post(f"{_RUNS}/<run_id>/retry")
@operation(
    allow=runs.write_permission,
    body=RetryInput,
    body_is_optional=True,
    answers={202: RunOut},
    path=_OF_RUN,
    example=_example(
        body={"from_step": "fetch", "version": "current"},
        answer={**examples.QUEUED, "parent_run_id": examples.RUN_ID, "from_step": "fetch", "version": 2},
    ),
    problems=(409,),
)
def retry_run(run_id: str, body: RetryInput) -> Answer:
    """Retry a run.

    Starts a new run from the failed steps, or from `from_step`. Steps that don't depend on these keep their results.
    With a new `input` and no `from_step`, all steps run again. For a run that succeeded, `from_step` is required (409).
    """
    run = _run(run_id, lock=True)
    automation = db.session.get_one(Automation, run.automation_id)
    if automation.is_archived:
        raise IsArchived(automation)
    require_storable(body.input, "/input")
    require_storable(body.item, "/item")
    version = automation.version_number if body.version == "current" else None
    again = operations.retry_run(
        run, actor=actor(), from_step=body.from_step, given=body.input, version=version, items=body.items,
        edited=body.edited,
    )  # fmt: skip
    return _begun(again)


@bp.post(f"{_RUNS}/<run_id>/steps/<step>/decide")
@operation(
    allow=runs.write_permission,
    body=AnswerInput,
    answers={200: RunOut},
    path={**_OF_RUN, "step": "The ID of the approval step."},
    example=Example(
        path={**examples.OF_RUN, "step": "check"},
        body={"decision": "approve", "comment": "Agreed."},
        answer=examples.RUN,
    ),
    problems=(409,),
)
def decide_step(run_id: str, step: str, body: AnswerInput) -> RunOut:
    """Approve or reject a step.

    If approved, the run continues; if rejected, the step fails. Only those who were asked can answer: people of the
    company or staff. Staff who answer for a company set `client_id`. A second answer is refused (409).
    """
    run = _run(run_id)
    require_asked(run, step, actor(), body.client_id)
    operations.decide(run, step, approve=body.decision == "approve", comment=body.comment, actor=actor())
    db.session.expire_all()
    return run_whole(_run(run_id))
