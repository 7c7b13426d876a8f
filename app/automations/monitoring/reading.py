"""Reading a run for its page: its steps with what went in and came out, their attempts, and the runs beside it.

Values are read where they are small; of larger ones the size is told, and each can be read alone (`payload_of`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import joinedload

from app.automations.errors import NoSuchRun
from app.automations.models import WHOLE, Attempt, Automation, Run, RunStep
from app.core.errors import NotFound
from app.extensions import db
from app.identity.policy import is_staff

READ_INLINE = 6_000
"""The size in the database, in bytes, up to which a value is read with its step."""
PARTS = ("input", "output", "would", "error")
ITEMS_PAGE = 50
ITEMS_AT_FIRST = 5
MOST_BESIDE = 20


@dataclass(frozen=True)
class Step:
    """A step of a run, or an item of a loop, as its page shows it. `sizes` has the stored bytes of each part."""

    row: Row[Any]
    attempts: Sequence[Attempt] = ()
    items: Mapping[str, int] = field(default_factory=dict)
    """Of a loop, how many items are in each state."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    def size(self, part: str) -> int:
        """The stored bytes of a part; 0 where it has none, which may stand there as JSON's null."""
        size = int(getattr(self.row, f"{part}_size") or 0)
        return 0 if size <= READ_INLINE and getattr(self.row, part) is None else size

    @property
    def address(self) -> str:
        """What links to it are called: `fetch`, `fetch-12`."""
        return self.row.step_id if self.row.item == WHOLE else f"{self.row.step_id}-{self.row.item}"


@dataclass(frozen=True)
class Beside:
    """The runs that a run belongs with."""

    parent: Run | None
    """The one that it is a retry of, or that called it."""
    retries: Sequence[Run]
    called: Sequence[Run]


def get_run(person: Any, automation_id: UUID, run_id: UUID, *, lock: bool = False) -> tuple[Automation, Run]:
    """The run of the automation, as the person sees it. Raises `NoSuchRun`."""
    query = select(Run).where(Run.id == run_id, Run.automation_id == automation_id)
    if not is_staff(person):
        query = query.where(Run.client_id == person.client_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    run = db.session.scalars(query).one_or_none()
    if run is None:
        raise NoSuchRun
    return db.session.get_one(Automation, automation_id, options=[joinedload(Automation.client)]), run


def get_automation(person: Any, automation_id: UUID) -> Automation:
    """The automation, as the person sees it."""
    query = select(Automation).where(Automation.id == automation_id).options(joinedload(Automation.client))
    if not is_staff(person):
        query = query.where(Automation.client_id == person.client_id)
    found = db.session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("Automation not found.")
    return found


def _columns() -> list[Any]:
    columns: list[Any] = [
        RunStep.position, RunStep.item, RunStep.step_id, RunStep.type, RunStep.status, RunStep.attempts.label("tries"),
        RunStep.key, RunStep.notes, RunStep.due_at, RunStep.started_at, RunStep.finished_at,
    ]  # fmt: skip
    for part in PARTS:
        column = getattr(RunStep, part)
        size = func.pg_column_size(column)
        columns += [size.label(f"{part}_size"), case((size <= READ_INLINE, column)).label(part)]
    return columns


def steps_of_run(run_id: UUID) -> list[Step]:
    """The steps that have begun, in the order of the definition, each with its attempts; of loops, how their items
    stand."""
    rows = db.session.execute(
        select(*_columns()).where(RunStep.run_id == run_id, RunStep.item == WHOLE).order_by(RunStep.position)
    ).all()
    attempts = _attempts(run_id, [(row.position, WHOLE) for row in rows if row.tries])
    items = _items_of_loops(run_id) if any(row.type == "for_each" for row in rows) else {}
    return [Step(row, attempts.get((row.position, WHOLE), ()), items.get(row.position, {})) for row in rows]


def _items_of_loops(run_id: UUID) -> Mapping[int, dict[str, int]]:
    query = (
        select(RunStep.position, RunStep.status, func.count())
        .where(RunStep.run_id == run_id, RunStep.item != WHOLE)
        .group_by(RunStep.position, RunStep.status)
    )
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for position, status, count in db.session.execute(query):
        found[position][status] = count
    return found


@dataclass(frozen=True)
class Items:
    """Some items of a loop. `after` continues behind the last one, where there are more."""

    steps: Sequence[Step]
    after: int | None


def items_of(run_id: UUID, position: int, *, status: str = "", after: int = -1) -> Items:
    """The next items of a loop, in their order; only those in that state, if one is given."""
    query = select(*_columns()).where(RunStep.run_id == run_id, RunStep.position == position, RunStep.item > after)
    if status:
        query = query.where(RunStep.status == status)
    rows = db.session.execute(query.order_by(RunStep.item).limit(ITEMS_PAGE + 1)).all()
    shown = rows[:ITEMS_PAGE]
    attempts = _attempts(run_id, [(row.position, row.item) for row in shown if row.tries])
    steps = [Step(row, attempts.get((row.position, row.item), ())) for row in shown]
    return Items(steps, shown[-1].item if len(rows) > ITEMS_PAGE else None)


def first_items(run_id: UUID) -> Mapping[int, Items]:
    """Some items of each loop of the run, by its position: those that failed first."""
    rank = func.row_number().over(partition_by=RunStep.position, order_by=((RunStep.status != "failed"), RunStep.item))
    ranked = (
        select(RunStep.position, RunStep.item, rank.label("rank"))
        .where(RunStep.run_id == run_id, RunStep.item != WHOLE)
        .subquery()
    )
    query = (
        select(*_columns())
        .join(ranked, (ranked.c.position == RunStep.position) & (ranked.c.item == RunStep.item))
        .where(RunStep.run_id == run_id, ranked.c.rank <= ITEMS_AT_FIRST)
        .order_by(RunStep.position, ranked.c.rank)
    )
    rows = db.session.execute(query).all()
    attempts = _attempts(run_id, [(row.position, row.item) for row in rows if row.tries])
    found: dict[int, list[Step]] = defaultdict(list)
    for row in rows:
        found[row.position].append(Step(row, attempts.get((row.position, row.item), ())))
    return {position: Items(steps, None) for position, steps in found.items()}


def _attempts(run_id: UUID, keys: Sequence[tuple[int, int]]) -> Mapping[tuple[int, int], list[Attempt]]:
    if not keys:
        return {}
    positions, items = {position for position, _ in keys}, {item for _, item in keys}
    query = (
        select(Attempt)
        .where(Attempt.run_id == run_id, Attempt.position.in_(positions), Attempt.item.in_(items))
        .order_by(Attempt.position, Attempt.item, Attempt.number)
    )
    found: dict[tuple[int, int], list[Attempt]] = defaultdict(list)
    for attempt in db.session.scalars(query):
        found[attempt.position, attempt.item].append(attempt)
    return found


def beside(run: Run) -> Beside:
    children = db.session.scalars(
        select(Run).where(Run.parent_run_id == run.id).order_by(Run.id.desc()).limit(MOST_BESIDE)
    ).all()
    parent = db.session.get(Run, run.parent_run_id) if run.parent_run_id is not None else None
    return Beside(
        parent,
        [child for child in children if child.called_by is None],
        [child for child in children if child.called_by is not None],
    )


def payload_of(run_id: UUID, position: int, item: int, part: str) -> Any:
    """One part of one step, whole. Raises `NotFound`."""
    if part not in PARTS:
        raise NotFound("Page not found.")
    column = getattr(RunStep, part)
    query = select(RunStep.position, column).where(
        RunStep.run_id == run_id, RunStep.position == position, RunStep.item == item
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        raise NotFound("This run has no such step.")
    return found[1]


def ended_at(run: Run, moment: datetime) -> datetime:
    """The end of what is to be seen of the run: its own, or this moment."""
    return run.finished_at or moment
