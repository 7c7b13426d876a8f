"""Finding analyses, as far as a person may see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.automations.analysis.models import ProcessAnalysis
from app.automations.models import Automation
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.extensions import db
from app.identity.companies import own_rows


def get_analysis(ref: str | UUID | None, person: Any, *, for_update: bool = False) -> ProcessAnalysis:
    """The analysis with that id, whole. Raises `NotFound`, also for another company's."""
    key = as_uuid(str(ref))
    query = select(ProcessAnalysis).where(ProcessAnalysis.id == key).filter_by(**own_rows(person))
    query = query.options(undefer(ProcessAnalysis.input), undefer(ProcessAnalysis.result))
    if for_update:
        query = query.with_for_update(of=ProcessAnalysis).execution_options(populate_existing=True)
    found = db.session.scalar(query) if key else None
    if found is None:
        raise NotFound("There is no such analysis.")
    return found


def deployed_from(analysis: ProcessAnalysis) -> list[Automation]:
    """The automations that were made of it, the newest first."""
    query = select(Automation).where(Automation.analysis_id == analysis.id).order_by(Automation.id.desc()).limit(50)
    return list(db.session.scalars(query))
