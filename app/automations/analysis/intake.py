"""Analysing at once, or by a job where a file takes longer than a person should wait."""

from typing import Any
from uuid import UUID

from app.automations.analysis import store
from app.automations.analysis.jobs import READ
from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.operations import (
    begin_reading,
    finish_reading,
    given_by,
    given_by_file,
    keep_analysis,
    settings_of,
    source_of,
)
from app.automations.analysis.reading import Complete
from app.automations.analysis.schemas import AnalyzeInput
from app.extensions import db
from app.jobs.queue import enqueue


def analyse_now_or_soon(
    values: AnalyzeInput, complete: Complete | None, *, client_id: UUID | None, actor: Any
) -> ProcessAnalysis:
    """The analysis, ready or `reading`. Raises `Invalid` for what is missing or can’t be read."""
    source_of(values)
    if values.event_log is None:
        return keep_analysis(values, given_by(values, complete), client_id=client_id, actor=actor)
    settings_of(values.event_log)
    file = store.get_file(values.event_log.file_id, client_id)
    analysis = begin_reading(values, file.id, client_id=client_id, actor=actor)
    if file.size > store.AT_ONCE:
        analysis.job_id = enqueue(db.session, READ, analysis_id=analysis.id)
        db.session.flush()
        return analysis
    with store.on_disk(file.id) as path:
        finish_reading(analysis, given_by_file(analysis.input, path), actor=actor)
    store.forget(file.id)
    return analysis
