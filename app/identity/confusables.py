"""User names that can be told apart: letters of one script, and nothing that looks like a name that is taken.

What looks alike is known from Unicode's table of confusables (UTS #39): `l`, `I` and `1` are one, so are `O` and `0`,
and `rn` is `m`. Two names look alike when they have the same skeleton.
"""

import json
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from confusable_homoglyphs import categories

from app.identity.combining_marks import without_points

_OF_ANY_SCRIPT = {"COMMON", "INHERITED"}
_WRITTEN_TOGETHER = (
    {"HAN", "HIRAGANA", "KATAKANA"},
    {"HAN", "HANGUL"},
    {"HAN", "BOPOMOFO"},
)
"""Scripts that make up one way of writing: Japanese, Korean, Chinese."""


def is_of_one_script(name: str) -> bool:
    """Whether the letters of the name are all of one way of writing. Digits and signs belong to any."""
    found = {categories.alias(character) for character in unicodedata.normalize("NFKC", name)} - _OF_ANY_SCRIPT
    return len(found) < 2 or any(found <= together for together in _WRITTEN_TOGETHER)


def skeleton_of(name: str) -> str:
    """What all names have in common that look like this one, or differ from such a name by capitals alone, or by the
    points of Arabic and Hebrew."""
    table = _table()
    letters = (table.get(letter, letter) for letter in unicodedata.normalize("NFKC", without_points(name)))
    return unicodedata.normalize("NFC", "".join(letters).casefold())


def skeletons_of(name: str) -> set[str]:
    """The skeletons that the name may not share with one that is taken: its own and, where each `l` or `1` in it can
    only be read as a capital `I`, that of the name as it is read: `ADMlN` looks like `ADMIN`, so like `admin`."""
    others = name.replace("l", "")
    if not others.isupper():
        return {skeleton_of(name)}
    as_read = name.replace("l", "I").replace("1", "I")
    return {skeleton_of(name), skeleton_of(as_read.casefold())}


@cache
def _table() -> Mapping[str, str]:
    """By letter or digit, what stands for all that look like it, where it isn't itself: the one that the others are
    listed with."""
    listed = json.loads((files("confusable_homoglyphs") / "confusables.json").read_text())
    alike = {_bare(letter): [_bare(each["c"]) for each in others] for letter, others in listed.items()}
    table = {}
    for letter, others in alike.items():
        chosen = others[0]
        leads = len(alike.get(chosen, ())) > 1 or _order(chosen) < _order(letter)
        if len(letter) == 1 and letter.isalnum() and len(others) == 1 and leads:
            table[letter] = chosen
    return table


def _bare(letter: str) -> str:
    """Without the marks that the table puts around letters that are written from right to left."""
    return letter.strip("\u200e")


def _order(letter: str) -> tuple[bool, str]:
    return not letter.isascii(), letter
