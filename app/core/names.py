"""Names: how they are stored, compared and sorted.

Two spellings that nobody can tell apart are one name. So names, as all texts of one line, are kept in NFC, with single
ordinary blanks and without characters that nobody sees; the database checks it (`is_tidy`).
"""

import re
import unicodedata
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, collate, func

_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]")
_IDLE_JOINER = re.compile(
    "(?<![^\\s\\0-\u02ff\u0370-\u052f])[\u200c\u200d]|[\u200c\u200d](?![^\\s\\0-\u02ff\u0370-\u052f])"
)
"""One that joins nothing: beside a blank, an end, or a Latin, Greek or Cyrillic letter. Others need them, and emoji."""


def tidy(text: str) -> str:
    """The text in NFC, with single ordinary blanks, none around it, and without what can't be seen."""
    if text.isascii():
        return _BLANKS.sub(" ", text).strip(" ")
    seen = _IDLE_JOINER.sub("", _UNSEEN.sub("", text))
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", seen).strip(" "))


def name_key(name: str) -> str:
    """What equal names have in common, however they are capitalised or typed."""
    return unicodedata.normalize("NFC", tidy(name).casefold())


def is_tidy(column: str = "name") -> CheckConstraint:
    """The constraint that a column's texts are tidy."""
    return CheckConstraint(f"is_tidy({column})", name=f"{column}_tidy")


def by_name(text: Any) -> ColumnElement[str]:
    """A text for sorting and comparing: whatever the capitals and accents. Its indexes are on the same expression."""
    return collate(func.plain(text), "C")
