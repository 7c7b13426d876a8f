"""The name that is nearly the one that a file says."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from app.core.names import name_key

MOST_NAMES = 5_000
"""So many names are looked through at most."""
_MOST_TEXTS = 100
"""Beyond so many texts that mean nothing, the file is of other people or projects altogether."""
_ALIKE = 0.7


class Nearest:
    """`names` gives the names that may be meant; it is asked once, when the first is needed."""

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names
        self._known: dict[str, str] = {}
        self._said: dict[str, str] = {}

    def hint(self, ways: Sequence[str]) -> str:
        """A question to put behind the refusal of a text, which may be written in these ways; nothing where no name is
        near."""
        key = "\n".join(ways)
        if key not in self._said:
            self._said[key] = self._find(ways) if len(self._said) < _MOST_TEXTS else ""
        return self._said[key]

    def _find(self, ways: Sequence[str]) -> str:
        self._known = self._known or {name_key(name): name for name in self._names()}
        matches = (get_close_matches(name_key(way), self._known, n=1, cutoff=_ALIKE) for way in ways)
        near = next((found[0] for found in matches if found), "")
        return f" Did you mean “{self._known[near]}”?" if near else ""
