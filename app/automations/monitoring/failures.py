"""Failed runs that nobody has done anything about, grouped by what went wrong, and what is done about a whole group.

A failure is settled when its run is run again or dismissed; rehearsals are no failures. The groups are found by
skipping from one to the next in an index, and counted up to a bound, so that a million failures cost what a hundred do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, func, select, text, update

from app.automations.errors import NoSuchFailure
from app.automations.models import Automation, Run
from app.automations.runs.failing import of_kind
from app.automations.runs.operations import retry_run
from app.automations.runs.versions import definition_of
from app.core.audit import Actor
from app.extensions import db
from app.identity.models import Client

MOST_GROUPS = 200
MOST_COUNTED = 10_000
MOST_AT_ONCE = 10_000
"""Runs of a group that are run again, or dismissed, at a time."""
BATCH = 50

_OPEN = "status = 'failed' and settled_as is null and not dry_run"


_OF_KIND = f"{_OPEN} and run.client_id = kinds.client_id and run.fingerprint = kinds.fingerprint"
_COUNTED = f"""
    select kinds.client_id, kinds.fingerprint, counted.number, first.id as first_id, last.id as last_id
      from (select * from kinds limit :groups) kinds
     cross join lateral (
        select count(*) as number from (select 1 from automation_runs run where {_OF_KIND} limit :most) bounded
        ) counted
     cross join lateral (select id from automation_runs run where {_OF_KIND} order by id limit 1) first
     cross join lateral (select id from automation_runs run where {_OF_KIND} order by id desc limit 1) last
"""  # noqa: S608
"""The groups of `kinds`, each counted up to a bound, with its first run and its last."""


def _groups(whose: str) -> TextClause:
    """The query of the groups; `whose` narrows it to a company."""
    return text(f"""
        with recursive kinds (client_id, fingerprint) as (
            (select client_id, fingerprint from automation_runs
              where {_OPEN} and {whose} order by client_id, fingerprint limit 1)
            union all
            select following.client_id, following.fingerprint from kinds cross join lateral (
                select client_id, fingerprint from automation_runs
                 where {_OPEN} and {whose} and (client_id, fingerprint) > (kinds.client_id, kinds.fingerprint)
                 order by client_id, fingerprint limit 1) following)
        {_COUNTED}
    """)  # noqa: S608


_OF_ALL, _OF_COMPANY = _groups("true"), _groups("client_id = :client_id")
_ONE = text(f"""
    with kinds (client_id, fingerprint) as (values (cast(:client_id as uuid), cast(:fingerprint as text))) {_COUNTED}
""")


@dataclass(frozen=True)
class Failure:
    """A group of failed runs. `sample` is its newest run; `count` is exact below `MOST_COUNTED`."""

    client_id: UUID
    company: str
    fingerprint: str
    automation_id: UUID
    automation: str
    step: str
    message: str
    count: int
    first_seen: datetime
    last_seen: datetime
    sample_run_id: UUID

    @property
    def count_is_exact(self) -> bool:
        return self.count < MOST_COUNTED


@dataclass(frozen=True)
class Preview:
    """What running a group again would do."""

    runs: int
    without_data: int
    """Runs whose data was removed: they are run again one by one, with an input."""
    again: int
    from_step: str
    version: int
    versions: Sequence[int]
    """Those with which the runs failed."""
    last_id: UUID


def failures(client_id: UUID | None) -> list[Failure]:
    """The groups of a company, or of all, the one that was seen last first."""
    values: dict[str, Any] = {"groups": MOST_GROUPS, "most": MOST_COUNTED}
    if client_id is None:
        return _told(db.session.execute(_OF_ALL, values).all())
    return _told(db.session.execute(_OF_COMPANY, {**values, "client_id": client_id}).all())


def failure(client_id: UUID, fingerprint: str) -> Failure:
    """One group. Raises `NoSuchFailure`: there is none, or it was settled."""
    values = {"client_id": client_id, "fingerprint": fingerprint, "groups": 1, "most": MOST_COUNTED}
    found = _told(db.session.execute(_ONE, values).all())
    if not found:
        raise NoSuchFailure
    return found[0]


def _told(rows: Sequence[Any]) -> list[Failure]:
    ids = {row.last_id for row in rows} | {row.first_id for row in rows}
    columns = (Run.id, Run.created_at, Run.error, Run.automation_id, Automation.name, Client.name)
    query = (
        select(*columns)
        .join(Automation, Automation.id == Run.automation_id)
        .join(Client, Client.id == Run.client_id)
        .where(Run.id.in_(ids))
    )
    runs = {run[0]: run for run in db.session.execute(query)} if ids else {}
    found = []
    for row in rows:
        _, last_seen, error, automation_id, automation, company = runs[row.last_id]
        said = error or {}
        found.append(
            Failure(
                UUID(str(row.client_id)), company, row.fingerprint, automation_id, automation, said.get("step", ""),
                said.get("message", ""), row.number, runs[row.first_id][1], last_seen, row.last_id,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: one.last_seen, reverse=True)


def preview(found: Failure, version: str) -> Preview:
    """What would be run again, with which version, and which runs can't be."""
    group = (
        select(Run.id, Run.version_number, Run.data_removed_at)
        .where(*of_kind(found.client_id, found.fingerprint))
        .order_by(Run.id)
        .limit(MOST_AT_ONCE)
        .subquery()
    )
    columns = (func.count(), func.count(group.c.data_removed_at), func.array_agg(group.c.version_number.distinct()))
    runs, without_data, versions = db.session.execute(select(*columns)).one()
    last = db.session.scalar(select(group.c.id).order_by(group.c.id.desc()).limit(1))
    automation = db.session.get_one(Automation, found.automation_id)
    same = max(versions or [automation.version_number])
    number = automation.version_number if version == "current" else same
    steps = definition_of(automation.id, number).steps
    from_step = found.step if found.step in steps else ""
    return Preview(
        runs, without_data, runs - without_data, from_step, number, sorted(versions or []), last or found.sample_run_id
    )


def retry_some(
    client_id: UUID, fingerprint: str, *, after: UUID, last: UUID, version: str, actor: Actor
) -> list[tuple[UUID, UUID]]:
    """Run the next runs of the group again, behind `after` and up to `last`, each from what failed; the pairs of old
    and new. The edge commits, and goes on behind the last old one."""
    query = (
        select(Run)
        .where(*of_kind(client_id, fingerprint), Run.id > after, Run.id <= last, Run.data_removed_at.is_(None))
        .order_by(Run.id)
        .limit(BATCH)
        .with_for_update()
    )
    made = []
    for run in db.session.scalars(query).all():
        number = None
        if version == "current":
            number = db.session.get_one(Automation, run.automation_id).version_number
        made.append((run.id, retry_run(run, actor=actor, version=number).id))
    return made


def dismiss(client_id: UUID, fingerprint: str) -> int:
    """Take the group off the list, up to `MOST_AT_ONCE` of its runs; how many. They stay failed."""
    some = select(Run.id).where(*of_kind(client_id, fingerprint)).order_by(Run.id).limit(MOST_AT_ONCE)
    result: Any = db.session.execute(update(Run).where(Run.id.in_(some)).values(settled_as="dismissed"))
    return int(result.rowcount)
