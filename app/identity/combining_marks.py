"""Combining marks in user names: the vowel signs, points and accents without which names of many scripts can't be
written, each where readers expect it, and none that can't be seen or makes one letter look like another."""

import re
import unicodedata

from confusable_homoglyphs import categories

MOST_IN_A_ROW = 4
"""What Unicode's UTS #39 takes for sane (5.4); Burmese needs as many."""

_WRITTEN_WITH_SIGNS = {
    "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "KHMER", "LAO", "MALAYALAM", "MYANMAR", "ORIYA",
    "SINHALA", "TAMIL", "TELUGU", "THAANA", "THAI", "TIBETAN",
}  # fmt: skip
"""The scripts of today (UAX #31, table 5) that have marks of their own."""

_ONE_VOWEL_A_SYLLABLE = _WRITTEN_WITH_SIGNS - {"KHMER", "LAO", "MYANMAR", "THAANA", "THAI", "TIBETAN"}
"""In these, a vowel sign at a vowel looks like another letter: `अा` like `आ`."""

_ACCENTS = set("\u0300\u0301\u0302\u0303\u0304\u0308\u030c\u0323\u0328")
"""Accents that some languages put on letters for which there is no letter with the accent: Yoruba, Guarani, Navajo."""

_POINTS = {
    "ARABIC": set(map(chr, [*range(0x64B, 0x656), 0x670])),
    "HEBREW": set(map(chr, [*range(0x5B0, 0x5BD), 0x5BF, 0x5C1, 0x5C2, 0x5C7])),
}
"""Vowels that a reader may do without."""

_MARKS = {**_POINTS, "LATIN": _ACCENTS, "GREEK": _ACCENTS, "CYRILLIC": _ACCENTS}
_VOWEL = re.compile(r" LETTER (?:(?:SHORT |CANDRA )?(?:A|AA|I|II|U|UU|E|EE|AI|O|OO|AU)|VOCALIC \w+)$")


def without_marks(name: str) -> str:
    return "".join(letter for letter in name if not _is_mark(letter))


def without_points(name: str) -> str:
    """The name as it is written where vowels aren't: one with points and one without are the same to a reader."""
    return "".join(letter for letter in name if not any(letter in points for points in _POINTS.values()))


def are_in_place(name: str) -> bool:
    """Whether each mark of the name is on a letter of its own script, and no stack of them is longer or odder than
    somebody would write it."""
    base, stack = "", ""
    for letter in unicodedata.normalize("NFC", name):
        if not _is_mark(letter):
            base, stack = letter, ""
        elif _fits(base, stack, letter):
            stack += letter
        else:
            return False
    return True


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Mc", "Me")


def _fits(base: str, stack: str, mark: str) -> bool:
    if not base.isalpha() or stack.endswith(mark) or len(stack) == MOST_IN_A_ROW:
        return False
    script = str(categories.alias(base))
    if script in _MARKS:
        return mark in _MARKS[script]
    if script not in _WRITTEN_WITH_SIGNS or categories.alias(mark) != script:
        return False
    return script not in _ONE_VOWEL_A_SYLLABLE or not _is_vowel_sign(mark) or not _has_vowel(base, stack)


def _has_vowel(base: str, stack: str) -> bool:
    return bool(_VOWEL.search(unicodedata.name(base, ""))) or any(map(_is_vowel_sign, stack))


def _is_vowel_sign(mark: str) -> bool:
    return " VOWEL SIGN " in unicodedata.name(mark, "")
