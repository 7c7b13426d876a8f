"""What workflows may do with the records of each kind. What isn't declared here, they can't."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.core.kinds import Editing, Kind, editing_of, get_kind
from app.core.schemas import Input, is_required
from app.core.steps import Step, Steps, steps_of

READS = ("get", "find", "list")
COMPANY = "client_id"
"""The field that says whose a record is: it is filled in, and can be no other company than the automation's."""


@dataclass(frozen=True)
class Declared:
    """A kind of record as workflows name it. `actions` besides reading are `create` and `update`, by the kind's own
    operations, and the verbs of its steps. Fields in `without` can't be written."""

    name: str
    key: str
    actions: tuple[str, ...] = READS
    without: frozenset[str] = field(default=frozenset())
    locks_itself: bool = False
    """Whether the operations of its steps lock the record, and others before it."""

    @cached_property
    def kind(self) -> Kind[Any]:
        return get_kind(self.key)

    @property
    def editing(self) -> Editing[Any, Any]:
        return editing_of(self.kind)

    @property
    def steps(self) -> Steps | None:
        return steps_of(self.kind.table)

    def step(self, action: str) -> Step:
        assert self.steps is not None
        return self.steps[action]

    def input_for(self, action: str) -> type[Input] | None:
        """The schema of the values that an action takes; None if it takes none."""
        if action in READS:
            return None
        if action in ("create", "update"):
            return self.editing.input
        return self.step(action).body

    def fields_for(self, action: str) -> Mapping[str, bool]:
        """The values that an action takes, and whether each has to be there."""
        schema = self.input_for(action)
        if schema is None:
            return {}
        return {
            name: action != "update" and name != COMPANY and is_required(info)
            for name, info in schema.model_fields.items()
            if name not in self.without and not (action == "update" and name == COMPANY)
        }


_OF_PROJECTS = ("plan", "start", "hold", "resume", "complete", "cancel")
_DECLARED = (
    Declared("project", "projects", (*READS, "create", "update", *_OF_PROJECTS)),
    Declared("change_order", "change-orders", (*READS, "propose", "withdraw", "approve", "decline")),
    Declared("time_entry", "time", (*READS, "approve", "reject")),
    Declared("match", "matches", (*READS, "accept", "decline", "withdraw", "complete", "end"), locks_itself=True),
    Declared("match_request", "requests"),
    Declared("assistant", "assistants"),
    Declared("team", "teams"),
    Declared("product", "products"),
    Declared("solution", "solutions"),
    Declared("service", "services"),
)  # fmt: skip
DECLARED: Mapping[str, Declared] = {one.name: one for one in _DECLARED}


def actions_of(kinds: Collection[str] = ()) -> list[str]:
    """All actions of these kinds, or of all, each once."""
    return list(dict.fromkeys(action for one in _DECLARED if not kinds or one.name in kinds for action in one.actions))
