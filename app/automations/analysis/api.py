"""Analyses in the JSON API."""

from typing import Any
from uuid import UUID

from flask import Blueprint
from werkzeug.datastructures import FileStorage

from app.api import access
from app.api.crud import mount
from app.api.operation import Answer, Example, operation_with
from app.automations.analysis import store
from app.automations.analysis.api_examples import ANALYSIS, ANSWER, BODY, FILE, ID, KEPT, READING
from app.automations.analysis.intake import analyse_now_or_soon
from app.automations.analysis.kinds import analyses
from app.automations.analysis.logs.events import BadLog
from app.automations.analysis.logs.opening import MOST_BYTES
from app.automations.analysis.model_runner import model_for
from app.automations.analysis.models import EventLogFile, ProcessAnalysis
from app.automations.analysis.operations import company_for_analysis
from app.automations.analysis.queries import deployed_from, get_analysis
from app.automations.analysis.schemas import (
    AnalysisOut,
    AnalyzeAnswer,
    AnalyzeInput,
    EventLogFileOut,
    KeptAnalysisOut,
)
from app.core.addresses import api_prefix
from app.core.errors import FieldError
from app.core.schemas import Input

bp = Blueprint("analyses_api", __name__, url_prefix="/api")
operation = operation_with(tags=("Analyses",))

mount(bp, analyses, answer=ANALYSIS, without=("get",))


class FileQuery(Input):
    """For which company a file is sent; for staff."""

    client_id: UUID | None = None


@bp.post("/ai-automation/analyze")
@operation(
    id="analyze_process",
    allow="automations:write",
    body=AnalyzeInput,
    answers={200: AnalyzeAnswer, 202: AnalysisOut},
    example=Example(body=BODY, answer=ANSWER, others={202: READING}),
    problems=(404, 409),
)
def analyze(body: AnalyzeInput) -> Answer:
    """Analyse a process.

    Says of each step how well it can be automated, with the points of each part, what all of it would save, and a
    workflow that can be deployed as it is. The process is given by its `steps`; by an event log, as `events` or as a
    file that was sent before (`event_log`); or by a `description`, where a language model is set up to read it.
    The analysis is kept. A large file is read by a job: 202, and `GET /api/ai-automation/analyses/{id}` has the result
    when it is ready. A file is deleted once it has been read.
    """
    actor = access.actor()
    client_id = company_for_analysis(actor, body.client_id)
    try:
        made = analyse_now_or_soon(body, model_for(client_id), client_id=client_id, actor=actor)
    except BadLog as error:
        raise BadLog.saying(error.message, errors=[_in_body(one) for one in error.errors]) from None
    if made.state == "ready":
        return Answer({**_row(made), **(made.result or {})})
    location = f"{api_prefix()}/ai-automation/analyses/{made.id}"
    return Answer(_row(made), 202, {"Location": location})


@bp.get("/ai-automation/analyses/<analysis_id>")
@operation(
    id="get_analysis",
    allow="automations:read",
    answers={200: KeptAnalysisOut},
    path={"analysis_id": "The id of the analysis."},
    example=Example(path={"analysis_id": ID}, answer=KEPT),
)
def read_analysis(analysis_id: str) -> dict[str, Any]:
    """Read an analysis: what it came to, and the automations that were deployed from it."""
    found = get_analysis(analysis_id, access.actor())
    return {**_row(found), "result": found.result, "automations": [one.id for one in deployed_from(found)]}


@bp.post("/ai-automation/event-logs")
@operation(
    id="send_event_log",
    allow="automations:write",
    query=FileQuery,
    largest_file=MOST_BYTES,
    answers={201: EventLogFileOut},
    example=Example(answer=FILE),
    problems=(404,),
)
def send_event_log(query: FileQuery, file: FileStorage) -> EventLogFile:
    """Send the file of an event log.

    A table (CSV in any separator and letters, XLSX, XLS, ODS) or XES, also compressed by gzip, of 100 MiB at most; its
    id is the `file_id` of an `event_log` to analyse. It is deleted once it has been read, and at the latest after a
    day.
    """
    return store.keep(file.stream, file.filename or "", company_for_analysis(access.actor(), query.client_id))


def _row(made: ProcessAnalysis) -> dict[str, Any]:
    return {name: getattr(made, name) for name in AnalysisOut.model_fields}


def _in_body(error: FieldError) -> FieldError:
    """What is wrong with a file, at what the body says of it."""
    if error.pointer.startswith("/events"):
        return error
    pointer = "/file_id" if error.pointer == "/file" else error.pointer
    return FieldError(f"/event_log{pointer}", error.message, error.code)
