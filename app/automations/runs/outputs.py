"""Outputs of steps that are too large to be read for whoever may not need them.

What a step answered is up to 1 MiB, and a run has up to 200 steps. So outputs are read with their steps where they are
small; of the others, whoever is about to evaluate expressions has those read that the expressions name.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_, select

from app.automations.models import WHOLE, RunStep
from app.automations.runs.engine import Ended
from app.automations.runs.values import LARGEST_OUTPUT
from app.extensions import db

SMALL = 6_000
"""Bytes in the database up to which a value counts as small."""
SMALL_UNPACKED = 60_000


class _LeftOut:
    """Stands for an output that is there and wasn't read."""

    def __repr__(self) -> str:
        return "LEFT_OUT"


LEFT_OUT = _LeftOut()
CUT: Mapping[str, Any] = {"truncated": True}
"""What stands in the place of a value that isn't shown."""


def is_small(column: Any) -> ColumnElement[bool]:
    """Whether a JSON value is small, also once it is unpacked: a letter that is repeated packs well."""
    unpacked = func.octet_length(cast(column, Text)) <= SMALL_UNPACKED
    return and_(func.pg_column_size(column) <= SMALL, or_(func.pg_column_compression(column).is_(None), unpacked))


def if_small(column: Any) -> Any:
    """The value where it is small, else NULL."""
    return case((is_small(column), column))


def left_out(ended: Mapping[str, Ended]) -> set[str]:
    """The steps whose outputs weren't read."""
    return {one for one, end in ended.items() if end.output is LEFT_OUT}


def read_outputs(run_id: UUID, ended: Mapping[str, Ended], wanted: Collection[str] | None) -> None:
    """Read the outputs of these steps, or of all, where they were left out."""
    missing = left_out(ended) if wanted is None else {one for one in wanted if _is_left_out(ended, one)}
    if missing:
        query = select(RunStep.step_id, RunStep.output).where(
            RunStep.run_id == run_id, RunStep.item == WHOLE, RunStep.step_id.in_(missing)
        )
        for step_id, output in db.session.execute(query):
            ended[step_id].output = output


def answer_of(run_id: UUID, ended: Mapping[str, Ended], names: Sequence[str]) -> dict[str, Any]:
    """The outputs of these steps as what their run answers: together they may be as large as one output. Of those that
    find no room it is said that they were cut; they stand whole with their steps."""
    found: dict[str, Any] = {}
    room, is_full = LARGEST_OUTPUT, False
    for name in names:
        if is_full and _is_left_out(ended, name):
            found[name] = {**CUT}
            continue
        read_outputs(run_id, ended, [name])
        output = ended[name].output
        size = len(json.dumps(output, ensure_ascii=False, default=str)) if len(names) > 1 else 0
        is_full = is_full or size > room
        found[name] = {**CUT} if size > room else output
        room -= size if size <= room else 0
    return found


def _is_left_out(ended: Mapping[str, Ended], name: str) -> bool:
    return name in ended and ended[name].output is LEFT_OUT
