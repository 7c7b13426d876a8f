"""Which encoding the letters of a file are in. Files don't say; what reads like words tells.

The candidates are few: UTF-8 and UTF-16, and the single-byte encodings that spreadsheets of Europe still save in. A
general detector (charset-normalizer 3.5) was measured on short lists of products and took 9 of 29 for another one.
"""

import codecs
import re
from itertools import pairwise
from pathlib import Path

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1257": "Windows-1257 (Baltic)",
    "iso8859-15": "ISO 8859-15 (Western Europe)",
    "cp850": "DOS 850 (Western Europe)",
    "cp852": "DOS 852 (Central Europe)",
    "cp866": "DOS 866 (Cyrillic)",
    "mac_roman": "Mac Roman",
    "koi8_r": "KOI8-R (Cyrillic)",
}
"""Those that can be chosen, by what Python calls them."""

_GUESSED = ("cp1252", "cp1250", "cp1251", "cp850", "cp852", "cp866", "cp1253", "cp1254")
_COMMON = {
    "cp1252": "äöüßéèêàçñóáíâôîûëïúœæøåÄÖÜÉÅØÆÇÀÑ",
    "cp850": "äöüßéèêàçñóáíâôîûëïúæøåÄÖÜÉÅØÆÇÀÑ",
    "cp1250": "ąćęłńóśźżáčďéěíňřšťúůýžăâîșşţőűäöüßŁŚŻŹĆČŘŠŽĎŤŇŐŰÄÖÜ",
    "cp852": "ąćęłńóśźżáčďéěíňřšťúůýžăâîșşţőűäöüßŁŚŻŹĆČŘŠŽĎŤŇŐŰÄÖÜ",
    "cp1254": "äöüçğışİŞĞÇÖÜâî",
}
_SIGNS = "€£°±²³½¼¾µ§®™©–—„“”‚‘’…×·•«»\u00a0ªº¿¡"
_SAMPLE = 64 * 1024
_CHUNK = 1024 * 1024
_WORD = re.compile(r"[^\s;,|\"/().:+-]+")


def encoding_of(path: Path) -> str:
    """The likeliest encoding of a text file. UTF-8 with a few broken bytes is UTF-8 all the same."""
    with path.open("rb") as file:
        head = file.read(4_000)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.count(0) > len(head) // 4:
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    valid, broken, sample = _survey(path)
    if head.startswith(codecs.BOM_UTF8) or not broken or valid > broken:
        return "utf-8"
    return most_plausible(sample)


def most_plausible(sample: bytes) -> str:
    """Of the single-byte encodings, the one in which the bytes beyond ASCII make the best words."""
    return max(_GUESSED, key=lambda encoding: _plausibility(sample, encoding))


def _survey(path: Path) -> tuple[int, int, bytes]:
    """How many letters beyond ASCII are valid UTF-8, how many bytes aren't, and some lines that have such bytes."""
    valid = broken = 0
    sample: list[bytes] = []
    room = _SAMPLE
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK):
            for line in lines:
                if line.isascii():
                    continue
                good, bad = _letters_in(line)
                valid, broken = valid + good, broken + bad
                if bad and room > 0:
                    sample.append(line[:room])
                    room -= len(line)
    return valid, broken, b"".join(sample)


def _letters_in(line: bytes) -> tuple[int, int]:
    text = line.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= letter <= "\udcff" for letter in text)
    return sum(letter > "\x7f" for letter in text) - bad, bad


def _plausibility(sample: bytes, encoding: str) -> int:
    text = sample.decode(encoding, "replace")
    return sum(_worth(word, encoding) for word in _WORD.findall(text) if not word.isascii())


def _worth(word: str, encoding: str) -> int:
    """How much a word looks like one that people write."""
    scripts = {_script(letter) for letter in word if letter.isalpha()}
    worth = -6 * max(len(scripts) - 1, 0)
    foreign = scripts - {"latin"}
    for at, letter in enumerate(word):
        if letter > "\x7f":
            worth += _worth_of(letter, word, at, encoding)
    if not foreign:
        worth -= 2 * sum(len(run) - 1 for run in re.findall(r"[^\x00-\x7f]{2,}", word))
    return worth - 4 * len(re.findall(r"[^\W\d_A-Z](?=[A-Z])", word)) - 3 * _capitals_within(word)


def _worth_of(letter: str, word: str, at: int, encoding: str) -> int:
    if letter.isalpha() and letter not in _SIGNS:
        if _script(letter) != "latin":
            return 4 if len(word) > 1 and word.isalpha() else 0
        if word[at + 1 : at + 2].isdigit():
            return 0
        is_portuguese = letter in "ãõ" and encoding in ("cp1252", "cp850") and word[at + 1 : at + 2] in ("o", "e")
        return 3 if is_portuguese or letter in _COMMON.get(encoding, "") else 0
    beside_letters = word[at - 1 : at].isalpha() or word[at + 1 : at + 2].isalpha()
    return 1 if letter in _SIGNS and not (beside_letters and letter not in "’‘„“”®™©") else -5


def _capitals_within(word: str) -> int:
    """Capitals after small letters: `grÖsse`."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(word))


def _script(letter: str) -> str:
    if "\u0370" <= letter <= "\u03ff":
        return "greek"
    return "cyrillic" if "\u0400" <= letter <= "\u04ff" else "latin"
