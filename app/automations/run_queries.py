"""Reading a run whole: each of its steps in the order of the definition, with its tries, and the items of loops.

An answer has a bounded size. Small values come first, then large ones in the order of the steps, until there is no more
room; in the place of what is left out stands that it was cut. A step alone can be read whole (`step_whole`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, case, cast, func, or_, select, tuple_

from app.automations.definitions.schemas import StepInput
from app.automations.errors import NoSuchResult
from app.automations.models import WHOLE, Attempt, Run, RunStep
from app.automations.run_schemas import AttemptOut, RunItemOut, RunOut, RunStepOut, RunSummary
from app.automations.runs.outputs import CUT, is_small
from app.automations.runs.versions import definition_of
from app.extensions import db

MOST_BYTES = 4 << 20
"""Of the values of steps in one answer, as JSON."""
MOST_ITEMS = 1_000
"""Items of loops in one answer; a loop has at most so many."""
AT_ONCE = 32
"""Rows whose large values are looked at together."""
_PARTS = ("input", "output", "would")
_META = ("position", "item", "status", "attempts", "error", "notes", "due_at", "started_at", "finished_at")
_DONE_HERE = ("succeeded", "failed")


@dataclass
class _Row:
    """A step, or an item, with those of its values that there was room for."""

    meta: Row[Any]
    values: dict[str, Any]
    tries: list[AttemptOut] = field(default_factory=list)
    is_cut: bool = False

    def __getattr__(self, name: str) -> Any:
        return self.values[name] if name in _PARTS else getattr(self.meta, name)


def run_whole(run: Run) -> RunOut:
    """The run as the API answers with it."""
    definition = definition_of(run.automation_id, run.version_number)
    room = _Room(run)
    steps = {row.position: row for row in room.rows(RunStep.item == WHOLE)}
    found = room.rows(RunStep.item != WHOLE, limit=MOST_ITEMS + 1)
    items, first_left_out = defaultdict(list), found[MOST_ITEMS].position if len(found) > MOST_ITEMS else None
    for row in found[:MOST_ITEMS]:
        items[row.position].append(row)
    room.add_large([*steps.values(), *found[:MOST_ITEMS]])
    room.add_tries([*steps.values(), *found[:MOST_ITEMS]])
    answers = []
    for position, step in enumerate(definition.workflow.steps):
        lacks_items = first_left_out is not None and position >= first_left_out
        answers.append(_step(step, steps.get(position), items[position], lacks_items=lacks_items))
    whole = RunSummary.model_validate(run).model_dump()
    own: dict[str, Any] = {
        "input": run.input,
        "output": run.output,
        "data_removed_at": run.data_removed_at,
        "steps": answers,
    }
    return RunOut.model_construct(**(whole | own))


def step_whole(run: Run, step_id: str) -> RunStepOut:
    """A step of the run, whole; the items of a loop as far as there is room. Raises `NoSuchResult`."""
    position, step = _place(run, step_id)
    here = RunStep.position == position
    row = _whole_row(run, here, RunStep.item == WHOLE)
    room = _Room(run)
    items = room.rows(here, RunStep.item != WHOLE, limit=MOST_ITEMS)
    room.add_large(items)
    room.add_tries(items)
    return _step(step, row, items)


def item_whole(run: Run, step_id: str, item: int | None) -> RunItemOut:
    """An item of a loop, whole. Raises `NoSuchResult`."""
    position, _ = _place(run, step_id)
    row = _whole_row(run, RunStep.position == position, RunStep.item == item) if item is not None else None
    if row is None:
        raise NoSuchResult
    return _item(row)


def _place(run: Run, step_id: str) -> tuple[int, StepInput]:
    definition = definition_of(run.automation_id, run.version_number)
    if step_id not in definition.steps:
        raise NoSuchResult
    return definition.position[step_id], definition.steps[step_id]


def _whole_row(run: Run, *where: ColumnElement[bool]) -> _Row | None:
    room = _Room(run, left=1 << 30)
    rows = room.rows(*where)
    room.add_large(rows)
    room.add_tries(rows)
    return rows[0] if rows else None


@dataclass
class _Room:
    """What an answer about a run still has room for."""

    run: Run
    left: int = MOST_BYTES

    def rows(self, *where: ColumnElement[bool], limit: int | None = None) -> list[_Row]:
        """Rows of steps with their small values, in order."""
        large = [(~is_small(_column(part))).label(f"{part}_is_large") for part in _PARTS]
        found = self._within(where, is_small, _size_of_small, large, limit)
        return [_Row(row, values, is_cut=not fits) for row, values, fits in found]

    def add_large(self, rows: Iterable[_Row]) -> None:
        """Read large values as well, in order, until one finds no room."""
        wanted = [row for row in rows if any(getattr(row, f"{part}_is_large") for part in _PARTS)]
        for some in (wanted[first : first + AT_ONCE] for first in range(0, len(wanted), AT_ONCE)):
            places = tuple_(RunStep.position, RunStep.item).in_([(row.position, row.item) for row in some])
            fitting = True
            found = self._within((places,), lambda column: ~is_small(column), _size) if self.left > 0 else ()
            read = {(row.position, row.item): (values, fits) for row, values, fits in found}
            for row in some:
                values, fits = read.get((row.position, row.item), ({}, False))
                fitting = fitting and fits
                for part in _PARTS:
                    if getattr(row, f"{part}_is_large"):
                        row.values[part] = values[part] if fits else {**CUT}
                row.is_cut = row.is_cut or not fits
            if not fitting:
                self.left = 0

    def _within(
        self,
        where: Iterable[ColumnElement[bool]],
        wanted: Callable[[Any], ColumnElement[bool]],
        size: Callable[[Any], ColumnElement[int]],
        more: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[tuple[Row[Any], dict[str, Any], bool]]:
        """Rows with those of their values that are wanted, as long as these find room; the database adds up how large
        they are, so that no more of them is sent."""
        order = (RunStep.position, RunStep.item)
        parts = [case((wanted(_column(part)), _column(part))).label(part) for part in _PARTS]
        sizes: Any = sum(func.coalesce(case((wanted(_column(part)), size(_column(part)))), 0) for part in _PARTS)
        inner = (
            select(*(getattr(RunStep, name) for name in _META), *more, *parts)
            .add_columns(func.sum(sizes).over(order_by=order).label("used"))
            .where(RunStep.run_id == self.run.id, *where)
            .order_by(*order)
            .limit(limit)
            .subquery()
        )
        fits = inner.c.used <= self.left
        others = [column for column in inner.c if column.name not in _PARTS]
        shown = [case((fits, inner.c[part])).label(part) for part in _PARTS]
        lacks = [(inner.c[part].is_not(None) & ~fits).label(f"{part}_is_cut") for part in _PARTS]
        query = select(*others, *shown, *lacks).order_by(inner.c.position, inner.c.item)
        found, used = [], 0
        for row in db.session.execute(query):
            is_cut = [getattr(row, f"{part}_is_cut") for part in _PARTS]
            values = {part: {**CUT} if cut else getattr(row, part) for part, cut in zip(_PARTS, is_cut, strict=True)}
            used = int(row.used) if not any(is_cut) else used
            found.append((row, values, not any(is_cut)))
        self.left -= used
        return found

    def add_tries(self, rows: Sequence[_Row]) -> None:
        """Read the tries of these rows."""
        places = {(row.position, row.item): row for row in rows}
        last = max((place for place in places if place[1] != WHOLE), default=(0, WHOLE))
        query = (
            select(Attempt)
            .where(Attempt.run_id == self.run.id, Attempt.position.in_({position for position, _ in places}))
            .where(or_(Attempt.item == WHOLE, tuple_(Attempt.position, Attempt.item) <= last))
            .order_by(Attempt.number)
        )
        for one in db.session.scalars(query) if places else ():
            if (row := places.get((one.position, one.item))) is not None:
                row.tries.append(AttemptOut.model_validate(one))


def _column(part: str) -> Any:
    return getattr(RunStep, part)


def _size(column: Any) -> ColumnElement[int]:
    return func.octet_length(cast(column, Text))


def _size_of_small(column: Any) -> ColumnElement[int]:
    """Near enough: what isn't packed takes as much in the database."""
    return case((func.pg_column_compression(column).is_(None), func.pg_column_size(column)), else_=_size(column))


def _step(step: StepInput, row: _Row | None, items: Sequence[_Row], *, lacks_items: bool = False) -> RunStepOut:
    about = {"id": step.id, "type": step.type, "name": step.name}
    if row is None:
        nothing = dict.fromkeys(("input", "output", "would", "error", "due_at", "started_at", "finished_at"))
        values: Mapping[str, Any] = {"status": "pending", "attempts": 0, "notes": [], "attempt_log": [], "items": None}
        return RunStepOut(**about, **nothing, **values, truncated=False)
    is_loop = step.type == "for_each"
    done = _done(row)
    done["truncated"] = row.is_cut or (is_loop and (lacks_items or any(item.is_cut for item in items)))
    more = {"notes": row.notes or [], "due_at": row.due_at, "items": [_item(one) for one in items] if is_loop else None}
    return RunStepOut(**about, **done, **more)


def _item(row: _Row) -> RunItemOut:
    return RunItemOut(item=row.item, **_done(row))


def _done(row: _Row) -> dict[str, Any]:
    """What the row says. A step that reaches nothing outside is done in one go, of which no try is written down."""
    tries = row.tries
    if not tries and row.would is None and row.started_at is not None and row.status in _DONE_HERE:
        times = {"started_at": row.started_at, "finished_at": row.finished_at}
        tries = [AttemptOut(number=1, **times, error=row.error)]
    names = ("status", "input", "output", "would", "error", "started_at", "finished_at")
    values = {name: getattr(row, name) for name in names}
    return {**values, "attempts": max(row.attempts, len(tries)), "attempt_log": tries, "truncated": row.is_cut}
