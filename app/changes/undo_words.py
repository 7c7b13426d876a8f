"""What an undo comes to, in words: a record that was new is removed, one that was changed is restored."""

from collections.abc import Mapping

from app.core.changes.models import ChangeSet
from app.core.changes.reversal import Step

_STEPS = {
    Step.REMOVE: ("removed", "removes"),
    Step.ARCHIVE: ("archived", "archives"),
    Step.RESTORE: ("restored", "restores"),
    Step.REINSERT: ("added back", "adds back"),
}


def is_redo(change_set: ChangeSet) -> bool:
    """Whether it takes an undo back."""
    return change_set.title.startswith("Redo: ")


def did(change_set: ChangeSet) -> str:
    """“1 record removed, 2 restored”."""
    parts = [f"{count} {_STEPS[step][0]}" for step, count in _told(change_set)]
    return ", ".join(parts) or f"{_records(change_set.rows_done)} put back"


def will_do(change_set: ChangeSet) -> str:
    """“This removes 1 record and restores 2”."""
    if not change_set.rows_to_write:
        return "Nothing can be undone"
    parts = [f"{_STEPS[step][1]} {count}" for step, count in _told(change_set)]
    told = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"This {told or 'puts back ' + _records(change_set.rows_to_write)}"


def _told(change_set: ChangeSet) -> list[tuple[Step, str]]:
    """Each step with how many records take it; only the first says that they are records."""
    steps: Mapping[str, int] = change_set.params.get("steps", {})
    taken = [(step, steps[step]) for step in _STEPS if steps.get(step)]
    return [(step, f"{count:,}" if at else _records(count)) for at, (step, count) in enumerate(taken)]


def _records(count: int) -> str:
    return f"{count:,} {'record' if count == 1 else 'records'}"
