"""How rows of files become records of a kind that has neither slug nor name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FileRules:
    examiner: Any
    """The class that decides what rows do: a subclass of `core.changes.importing.Examiner`."""
    joined: frozenset[str] = frozenset()
    """Input fields that several columns may hold together, such as first and last name."""
    numbers: frozenset[str] = frozenset()
    """Text fields of the input that may be written as numbers, such as hours."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The fields of columns that an export gives another heading."""
    refers: Mapping[str, str] = field(default_factory=dict)
    """The tables whose ids input fields of examined rows hold, so that they can be shown by name."""
    claim: Callable[[Any], None]
    """Locks what new records need before any is written; it takes the condition on `ChangeRow` for their rows."""
    arrived: Callable[[Sequence[Any]], Sequence[str]]
    """For each input of a new record, why it can't be made any more since the preview; empty where it can."""
    about: str
    """What the page of the import says of the files that it takes."""
    help: tuple[str, ...]
    """How the page says that rows are read."""
    example: Mapping[str, str]
    """A row, for the page."""
