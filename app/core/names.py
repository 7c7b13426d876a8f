"""Names: how they are stored, compared and sorted.

Two spellings that nobody can tell apart are one name. So names, as all texts of one line, are kept in NFC, with single
ordinary blanks and without characters that nobody sees; the database checks it (`is_tidy`). Marks that turn the
direction of writing are among these: left open, they would turn what stands beside the name as well.
"""

import re
import unicodedata
from typing import Any, Literal

from anyascii import anyascii
from sqlalchemy import CheckConstraint, ColumnElement, collate, func

_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]+")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001]"
)
_OF_LETTERS = "\\s\\0-\u02ff\u0370-\u052f"
_IDLE = re.compile(
    f"(?<![^{_OF_LETTERS}])[\u200c\u200d]|[\u200c\u200d](?![^{_OF_LETTERS}])"
    "|(?<![^\\s!-),-/:-\u00a8\u00aa-\u00ad\u00af-\u02ff\u0370-\u052f])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007f]+"
)
"""What does nothing where it stands: joiners that join nothing, and selectors of a variant of what has none, beside a
blank, an end, or a Latin, Greek or Cyrillic letter; tags outside of a flag. Other scripts need them, and emoji."""


def tidy(text: str) -> str:
    """The text in NFC, with single ordinary blanks, none around it, and without what can't be seen."""
    if text.isascii():
        return _BLANKS.sub(" ", text).strip(" ")
    seen = _IDLE.sub("", _UNSEEN.sub("", text))
    return unicodedata.normalize("NFC", _BLANKS.sub(" ", seen).strip(" "))


def name_key(name: str) -> str:
    """What equal names have in common, however they are capitalised or typed."""
    return unicodedata.normalize("NFC", tidy(name).casefold())


def in_ascii(text: str) -> str:
    """The text in ASCII, for addresses and the like: letters of other scripts are transliterated (`Данные` becomes
    `Dannye`), signs and emoji are left out."""
    if text.isascii():
        return text
    return "".join(map(_character_in_ascii, unicodedata.normalize("NFKC", text)))


def _character_in_ascii(character: str) -> str:
    """The ASCII letters that it is made of, or else those that it is read as."""
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if letters or unicodedata.category(character)[0] not in "LMN":
        return letters
    return "".join(filter(str.isalnum, anyascii(character)))


def is_tidy(column: str = "name") -> CheckConstraint:
    """The constraint that a column's texts are tidy."""
    return CheckConstraint(f"is_tidy({column})", name=f"{column}_tidy")


def is_slug() -> CheckConstraint:
    """The constraint that the column `slug` has the form of one."""
    return CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 140", name="slug_form")


def by_name(text: Any) -> ColumnElement[str]:
    """A text for sorting and comparing: whatever the capitals and accents. Its indexes are on the same expression."""
    return collate(func.plain(text), "C")


def with_article(noun: str, article: Literal["a", "A"] = "a") -> str:
    """A noun behind its article: `a skill`, `an order`."""
    return f"{article}{'n' if noun[0].lower() in 'aeio' else ''} {noun}"
