"""Reading automations with what their answers have beyond their rows."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, select, tuple_

from app.automations.definitions.uses import secrets_used
from app.automations.models import Automation, Month, Run, Secret, Version
from app.core.addresses import API, outside_address
from app.extensions import db

NOTHING_YET: Mapping[str, Any] = {"runs": 0, "succeeded": 0, "failed": 0, "success_rate": None, "hours_saved": 0.0}


def hydrate(automations: Sequence[Automation]) -> None:
    """Give automations their newest definition, their metrics and the time of their last run."""
    definitions, figures = _definitions_of(automations), metrics_of(automations)
    last = _last_runs_of([one.id for one in automations])
    for one in automations:
        found = {
            "workflow_config": definitions.get(one.id, {}),
            "metrics": figures.get(one.id, NOTHING_YET),
            "last_run": last.get(one.id),
            "webhook_url": webhook_url(one),
        }
        vars(one).update(found)


def webhook_url(automation: Automation) -> str | None:
    """Where its deliveries go; None where it isn't begun by a webhook."""
    if automation.trigger_type != "webhook" or automation.token is None:
        return None
    return f"{outside_address()}{API}/hooks/{automation.token}"


def _definitions_of(automations: Sequence[Automation]) -> Mapping[UUID, Mapping[str, Any]]:
    newest = [(one.id, one.version_number) for one in automations]
    query = select(Version.automation_id, Version.workflow).where(
        tuple_(Version.automation_id, Version.number).in_(newest)
    )
    return dict(db.session.execute(query).all())


def _last_runs_of(ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    return dict(db.session.execute(select(Automation.id, last_run_at()).where(Automation.id.in_(ids))).all())


def last_run_at() -> Any:
    """When the newest run of an automation was made, rehearsals apart, as a column beside the automation's."""
    mine = (Run.automation_id == Automation.id, Run.dry_run.is_(False))
    newest = select(Run.created_at).where(*mine).order_by(Run.id.desc()).limit(1)
    return newest.correlate(Automation).scalar_subquery()


def success_share() -> Any:
    """How many of the runs that succeeded or failed did succeed, as a share of 1; null where none did either."""
    over = func.nullif(func.sum(Month.succeeded + Month.failed), 0)
    share = select(func.round(func.sum(Month.succeeded) / over, 4)).where(Month.automation_id == Automation.id)
    return share.correlate(Automation).scalar_subquery()


def metrics_of(automations: Sequence[Automation]) -> Mapping[UUID, Mapping[str, Any]]:
    """What the runs of automations that are over came to; nothing for one without any. Rehearsals don't count."""
    query = (
        select(
            Month.automation_id,
            func.sum(Month.runs).label("runs"),
            func.sum(Month.succeeded).label("succeeded"),
            func.sum(Month.failed).label("failed"),
            func.sum(Month.minutes_saved).label("minutes"),
        )
        .where(Month.automation_id.in_([one.id for one in automations]))
        .group_by(Month.automation_id)
    )
    found = db.session.execute(query).all()
    return {row[0]: _figures(int(row.runs), int(row.succeeded), int(row.failed), row.minutes) for row in found}


def _figures(runs: int, succeeded: int, failed: int, minutes_saved: Decimal) -> Mapping[str, Any]:
    over = succeeded + failed
    return {
        "runs": runs,
        "succeeded": succeeded,
        "failed": failed,
        "success_rate": round(succeeded / over, 4) if over else None,
        "hours_saved": round(float(minutes_saved) / 60, 2),
    }


def hydrate_secrets(found: Sequence[Secret]) -> None:
    """Give secrets the automations that use them."""
    users = users_of_secrets({one.client_id for one in found})
    for one in found:
        vars(one)["used_by"] = users.get((one.client_id, one.name), [])


def users_of_secrets(companies: Collection[UUID]) -> Mapping[tuple[UUID, str], list[Automation]]:
    """The automations of companies by the secrets that their newest definitions name; archived ones count as well."""
    query = (
        select(Automation, Version.workflow)
        .join(Version, and_(Version.automation_id == Automation.id, Version.number == Automation.version_number))
        .where(Automation.client_id.in_(companies), cast(Version.workflow, Text).contains("secrets"))
        .order_by(Automation.name, Automation.id)
    )
    users: dict[tuple[UUID, str], list[Automation]] = defaultdict(list)
    for automation, workflow in db.session.execute(query):
        for name in secrets_used(workflow):
            users[automation.client_id, name].append(automation)
    return users
