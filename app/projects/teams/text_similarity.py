"""How alike two texts are, word by word. Plain calculation: no database."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
# fmt: off
_SMALL_WORDS = frozenset((
    "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on", "or", "our",
    "that", "the", "their", "this", "to", "we", "with", "your",
))
# fmt: on
LEAST = 0.3
"""Words of which fewer trigrams are common have nothing to do with each other."""


@lru_cache(maxsize=4096)
def words_of(text: str) -> tuple[str, ...]:
    """The words that say something, each once, small and without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(dict.fromkeys(word for word in _WORD.findall(letters) if word not in _SMALL_WORDS))


@lru_cache(maxsize=16384)
def trigrams(word: str) -> frozenset[str]:
    """The runs of three letters of a word that begins with two blanks and ends with one, as PostgreSQL has them."""
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def alike(one: str, other: str) -> float:
    """Of all trigrams of two words, how many are common; 0 where these are less than `LEAST`."""
    if one == other:
        return 1.0
    mine, theirs = trigrams(one), trigrams(other)
    share = len(mine & theirs) / len(mine | theirs)
    return share if share >= LEAST else 0.0


def nearest(word: str, words: Iterable[str]) -> tuple[float, str]:
    """The most similar of the words, and how alike it is; 0 and none where nothing is."""
    return max(((alike(word, other), other) for other in words), default=(0.0, ""), key=lambda found: found[0])
