"""What runs recorded, to try a draft on it, and to pick values for expressions out of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.editor.models import Draft
from app.automations.expressions.syntax import WORDS
from app.automations.models import WHOLE, Run, RunStep
from app.extensions import db

MOST_RUNS = 10
MOST_ENTRIES = 80
_DEEPEST = 6
_LONGEST = 90


@dataclass(frozen=True)
class Recorded:
    """The input of a run and what its steps answered, as far as it is kept."""

    given: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """A value and the expression that reads it."""

    expression: str
    preview: str


def runs_of(draft: Draft) -> Sequence[Run]:
    """The newest runs of the draft's automation whose data is kept, rehearsals among them."""
    if draft.automation_id is None:
        return ()
    query = (
        select(Run)
        .where(Run.automation_id == draft.automation_id, Run.data_removed_at.is_(None))
        .order_by(Run.id.desc())
        .limit(MOST_RUNS)
    )
    return db.session.scalars(query).all()


def recorded_of(draft: Draft, run_id: UUID | None) -> Recorded:
    """What a run of the draft's automation recorded; nothing for one of another."""
    run = db.session.get(Run, run_id) if run_id is not None else None
    if run is None or run.automation_id != draft.automation_id or run.data_removed_at is not None:
        return Recorded()
    query = select(RunStep.step_id, RunStep.output).where(
        RunStep.run_id == run.id, RunStep.item == WHOLE, RunStep.status == "succeeded"
    )
    return Recorded(run.input or {}, dict(db.session.execute(query).all()))


def values_in(recorded: Recorded, before: Sequence[str]) -> list[Value]:
    """The values that a step can read of these: of the trigger, and of the steps before it."""
    found = list(_values("trigger", recorded.given, 1))
    for step_id in before:
        if step_id in recorded.outputs:
            found += _values(f"steps{_member(step_id)}.output", recorded.outputs[step_id], 1)
    return found[:MOST_ENTRIES]


def _values(path: str, value: Any, depth: int) -> Iterator[Value]:
    if depth > 1:
        yield Value(f"{{{{ {path} }}}}", preview_of(value))
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in list(value.items())[:MOST_ENTRIES]:
            yield from _values(f"{path}{_member(name)}", inner, depth + 1)
    elif isinstance(value, list) and value:
        yield from _values(f"{path}[0]", value[0], depth + 1)


def _member(name: str) -> str:
    is_plain = name.isidentifier() and name.isascii() and name not in WORDS and not iskeyword(name)
    return f".{name}" if is_plain else f"[{json.dumps(name, ensure_ascii=False)}]"


def preview_of(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
