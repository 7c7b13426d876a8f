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
    """The company that the file is for. Only staff set it."""

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

    Scores how well each step can be automated, estimates the savings, and suggests a workflow that can be deployed as
    it is. Describe the process by its `steps`; by an event log, as `events` or an uploaded file (`event_log`); or by a
    `description`, if a language model is configured. The analysis is saved. Large files are read in the background: the
    answer is then 202, and `GET /api/ai-automation/analyses/{id}` returns the result when it is ready. The file is
    deleted after it has been read.
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
    path={"analysis_id": "The ID of the analysis."},
    example=Example(path={"analysis_id": ID}, answer=KEPT),
)
def read_analysis(analysis_id: str) -> dict[str, Any]:
    """Read an analysis: its result, and the automations that were deployed from it."""
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
    """Upload an event log.

    A table (CSV with any separator and encoding, XLSX, XLS, ODS) or XES, optionally compressed with gzip, of at most
    100 MiB. Use its ID as the `file_id` of `event_log` in an analysis. The file is deleted after it has been read, or
    after a day.
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
