"""Doing items of a loop again, in a new run, where the others keep their results."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import select

from app.automations.errors import NoSuchItem
from app.automations.models import WHOLE, Run, RunStep, Work
from app.automations.runs import work
from app.automations.runs.engine import OVER, Definition
from app.core.clock import now
from app.core.ids import new_id
from app.extensions import db

Items = Collection[int] | Literal["failed"]
AGAIN = "again"
"""In the input of a loop: which of its items were to be done again. They are begun by their number, as others end."""


def repeat_items(
    run: Run, again: Run, definition: Definition, step_id: str, items: Items, *, edited: Mapping[int, Any]
) -> None:
    """Begin the loop in the new run, with the results that its other items had. Nothing that it needs is done again.
    `edited` has other values for items that are. Raises `NoSuchItem`."""
    rows = _rows_of(run, step_id)
    loop = rows.pop(WHOLE, None)
    step = definition.steps[step_id]
    if loop is None or not isinstance(loop.input, dict) or "items" not in loop.input or step.type != "for_each":
        raise NoSuchItem(f"Step {step_id} had no items in this run.")
    if blocked := [one for one in step.needs if not _is_kept(again, one)]:
        raise NoSuchItem(f"{blocked[0]} is done again as well, so all items are. Leave items out.")
    chosen = _chosen(items, rows, len(loop.input["items"]))
    position, concurrency = definition.position[step_id], int(loop.input.get("concurrency", 1))
    values = {"run_id": again.id, "position": position, "client_id": again.client_id, "step_id": step_id}
    values_of_items = [edited.get(index, value) for index, value in enumerate(loop.input["items"])]
    shown = {**loop.input, "items": values_of_items, AGAIN: sorted(chosen)}
    db.session.add(RunStep(**values, item=WHOLE, type=loop.type, status="running", input=shown, started_at=now()))
    inner = str(step.with_["step"]["type"])
    for item in range(max([*rows, *chosen]) + 1):
        row = rows.get(item)
        kept = None if row is None or item in chosen or row.status not in OVER else row
        db.session.add(RunStep(**values, item=item, **_begun(inner) if kept is None else _kept(kept)))
    db.session.flush()
    for item in sorted(chosen)[:concurrency]:
        work.add(again, position, item)


def _rows_of(run: Run, step_id: str) -> dict[int, RunStep]:
    query = select(RunStep).where(RunStep.run_id == run.id, RunStep.step_id == step_id)
    return {row.item: row for row in db.session.scalars(query)}


def _is_kept(again: Run, step_id: str) -> bool:
    query = select(RunStep.position).where(RunStep.run_id == again.id, RunStep.step_id == step_id)
    return db.session.scalar(query) is not None


def _chosen(items: Items, rows: Mapping[int, RunStep], count: int) -> set[int]:
    if items == "failed":
        chosen = {item for item, row in rows.items() if row.status not in ("succeeded", "skipped")}
        if not chosen and len(rows) < count:
            chosen = {len(rows)}
    else:
        chosen = set(items)
    if not chosen or max(chosen) >= count:
        raise NoSuchItem(f"This loop had {count} items, counted from 0." if chosen else "No item of this loop failed.")
    return chosen


def _begun(inner: str) -> dict[str, Any]:
    return {"type": inner, "status": "queued", "key": new_id()}


def _kept(row: RunStep) -> dict[str, Any]:
    names = ("type", "status", "attempts", "key", "input", "output", "error", "notes", "started_at", "finished_at")
    return {name: getattr(row, name) for name in names}


def next_again(run_id: Any, position: int) -> int | None:
    """The next item that is to be done again and that nobody is at; None where there is none."""
    at_it = select(Work.item).where(Work.run_id == run_id, Work.position == position)
    query = (
        select(RunStep.item)
        .where(RunStep.run_id == run_id, RunStep.position == position, RunStep.item != WHOLE)
        .where(RunStep.status == "queued", RunStep.item.not_in(at_it))
        .order_by(RunStep.item)
        .limit(1)
    )
    return db.session.scalar(query)
