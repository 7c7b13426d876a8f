"""Time zones as people name them."""

import unicodedata
from collections.abc import Collection


def zone_called(text: str, known: Collection[str]) -> str | None:
    """The one of the `known` zones that is meant by its name in any case (`europe/berlin`), or by its city alone
    (`berlin`, `são paulo`); None where there is none, or several."""
    if text in known:
        return text
    wanted = _fold(text)
    found = [name for name in known if _fold(name) == wanted]
    found = found or [name for name in known if _fold(name.rpartition("/")[2]) == wanted]
    return found[0] if len(found) == 1 else None


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return plain.strip().replace(" ", "_")
