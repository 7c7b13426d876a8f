"""Which items of a loop a retry does again, as the page asks for it. Pages count items from 1, the API from 0."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from app.automations.definitions.reading import problems_of_json
from app.automations.definitions.schemas import MOST_ITEMS
from app.automations.errors import NoSuchItem
from app.automations.models import WHOLE, Run, RunStep
from app.automations.monitoring.retrying import LONGEST_INPUT, Planned
from app.automations.monitoring.showing import in_lines
from app.automations.runs.engine import Definition
from app.automations.runs.items_again import Items
from app.core.errors import Invalid
from app.extensions import db

ALL, SOME = "", "some"
FAILED: Final = "failed"
EDITED_UP_TO = 60_000
"""Characters of an item that can be edited in the page."""
_RANGE = re.compile(r"([0-9]{1,6})(?:\s*[-–]\s*([0-9]{1,6}))?")


class BadItems(Invalid):
    """The items that were typed can't be done again."""

    at = "/items"


@dataclass(frozen=True)
class Loop:
    """A loop of a run that began. `failed` counts the items that “failed” stands for: those that neither succeeded nor
    were skipped; if none, the next that wasn't begun."""

    step_id: str
    count: int
    failed: int


@dataclass(frozen=True)
class Choice:
    """What was asked for. `edited` has new values of items; `shown` is the number of the one that can be edited, and
    `text` its value."""

    loop: Loop
    which: str
    typed: str = ""
    items: Items | None = None
    edited: Mapping[int, Any] = field(default_factory=dict)
    shown: int | None = None
    text: str = ""
    problem: BadItems | None = None

    @property
    def count(self) -> int:
        """How many items are done again."""
        return self.loop.count if self.items is None else self.loop.failed if self.items == FAILED else len(self.items)


def loop_of(run: Run, step_id: str) -> Loop | None:
    """The loop of that name, if the run has begun it and its items are still there."""
    here = (RunStep.run_id == run.id, RunStep.step_id == step_id)
    items = RunStep.input["items"]
    query = select(func.jsonb_array_length(items)).where(
        *here, RunStep.item == WHOLE, RunStep.type == "for_each", func.jsonb_typeof(items) == "array"
    )
    count = db.session.scalar(query)
    if not count:
        return None
    is_over = RunStep.status.in_(("succeeded", "skipped"))
    query = select(func.count(), func.count().filter(~is_over)).where(*here, RunStep.item != WHOLE)
    begun, failed = db.session.execute(query).one()
    return Loop(step_id, count, failed or min(count - begun, 1))


def choice_of(run: Run, loop: Loop, given: Mapping[str, str]) -> Choice:
    """What a form or an address asks for: `which`, `items` such as “3, 7-9”, and `item_value`, which is a value of the
    item `item_of`. What can't be used is its `problem`."""
    which, typed = given.get("which", ALL), given.get("items", "").strip()
    if which not in (FAILED, SOME):
        return Choice(loop, ALL, typed)
    if which == FAILED:
        return Choice(loop, FAILED, typed, FAILED)
    try:
        numbers = read_items(typed, loop.count)
        only = min(numbers) if len(numbers) == 1 else None
        edited = _edited(run, loop, only, given)
    except BadItems as error:
        return Choice(loop, SOME, typed, problem=error)
    if only is None:
        return Choice(loop, SOME, typed, numbers)
    text = given["item_value"] if edited else in_lines(value_of(run, loop, only))
    return Choice(loop, SOME, typed, numbers, edited, only + 1, text if len(text) <= EDITED_UP_TO else "")


def read_items(typed: str, count: int) -> frozenset[int]:
    """The numbers that “3, 7-9” names, counted from 0. Raises `BadItems`."""
    found: set[int] = set()
    for part in filter(None, (one.strip() for one in typed.split(","))):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise BadItems(f"“{part[:40]}” isn’t an item number. Enter numbers, such as 3, 7-9.")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= min(count, MOST_ITEMS):
            raise BadItems(f"This loop has items 1 to {count:,}. There is no item {part}.")
        found.update(range(first - 1, last))
    if not found:
        raise BadItems("Enter item numbers, such as 3, 7-9.")
    return frozenset(found)


def check(choice: Choice, planned: Sequence[Planned], definition: Definition) -> None:
    """Raise what keeps these items from being done again: `BadItems`, `NoSuchItem`. Whether the version has the loop at
    all, the retry itself says."""
    if choice.problem is not None:
        raise choice.problem
    loop = definition.steps.get(choice.loop.step_id)
    if choice.items is None or loop is None:
        return
    if not choice.count:
        raise NoSuchItem("No item of this loop failed.")
    again = {one.id for one in planned if not one.kept}
    for need in loop.needs:
        if need in again:
            raise NoSuchItem(f"{need} runs again, too, so all items of this loop have to run again. Select all items.")


def value_of(run: Run, loop: Loop, item: int) -> Any:
    """The element of the loop’s list that the item is for."""
    return db.session.scalar(
        select(RunStep.input["items"][item]).where(
            RunStep.run_id == run.id, RunStep.step_id == loop.step_id, RunStep.item == WHOLE
        )
    )


def _edited(run: Run, loop: Loop, only: int | None, given: Mapping[str, str]) -> dict[int, Any]:
    """The new value of the one item, if it was changed. Nobody’s value is given to another item."""
    typed, of = given.get("item_value", "").strip(), given.get("item_of", "")
    if not typed or not of.isdecimal() or not 1 <= int(of[:6]) <= loop.count:
        return {}
    edited = int(of[:6]) - 1
    value = _read(typed)
    if value == value_of(run, loop, edited):
        return {}
    if edited != only:
        raise BadItems(f"You edited item {of}. Select only this item, or undo the edit.")
    return {edited: value}


def _read(typed: str) -> Any:
    if len(typed) > LONGEST_INPUT:
        raise BadItems("An item can have at most 1 MB.", at="/item_value")
    try:
        value = json.loads(typed)
    except (ValueError, RecursionError) as error:
        raise BadItems(f"The item isn’t valid JSON: {error}.", at="/item_value") from None
    if problems := list(problems_of_json(value, "/item_value")):
        raise BadItems(problems[0].message, at="/item_value")
    return value
