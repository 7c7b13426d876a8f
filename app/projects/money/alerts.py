"""Announcing, once each, that half, most and all of a project's budget is spent."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.core.audit import Actor
from app.core.clock import now
from app.core.events import publish
from app.core.ids import new_id
from app.extensions import db
from app.projects.models import Project
from app.projects.money.models import ALERTS_AT, ProjectAlert


def announce_budget(project: Project, actor: Actor) -> list[int]:
    """Announce every threshold that the project has reached and that wasn't announced. The thresholds, in percent, are
    the answer.

    Called in the transaction that changed what is spent, with the project locked and read afresh; the table takes each
    threshold of a project once, whoever comes at the same time.
    """
    told = _note(project, reached(project.spent, project.budget))
    for percent in told:
        money: dict[str, Any] = {"spent": project.spent, "budget": project.budget, "currency": project.currency}
        publish("project.budget_reached", about=project, actor=actor, project=project.name, percent=percent, **money)
    return told


def reached(spent: Decimal, budget: Decimal | None) -> list[int]:
    """The thresholds that the spending has reached, in percent. Of no budget there are none; any spending is all of a
    budget of nothing."""
    if budget is None or spent <= 0:
        return []
    return [percent for percent in ALERTS_AT if spent * 100 >= budget * percent]


def _note(project: Project, percents: Sequence[int]) -> list[int]:
    if not percents:
        return []
    moment = now()
    rows = [
        {
            "id": new_id(),
            "created_at": moment,
            "updated_at": moment,
            "project_id": project.id,
            "threshold": percent,
            "spent": project.spent,
            "budget": project.budget,
        }
        for percent in percents
    ]
    new = insert(ProjectAlert).values(rows).on_conflict_do_nothing(index_elements=["project_id", "threshold"])
    return sorted(db.session.scalars(new.returning(ProjectAlert.threshold)).all())
