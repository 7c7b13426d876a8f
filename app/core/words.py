"""What a person typed, as a search that the database can answer: every word is a prefix, accents and capitals don't
count, endings are cut to the stem, and a word that no record has is put right by the nearest that some record has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, cast, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, scoped_session

MAX_WORDS = 8
SHORTEST_STEM = 3
SIMILAR_WORDS = 30

_UNDERSTAND = text(r"""
    select typed.word, stem.stem, known.known,
           case when not known.known and typed.word ~ '^[[:alpha:]]{3,40}$' then array(
               select s.word from search_words s
                where s.word % typed.word order by similarity(s.word, typed.word) desc, s.word limit :similar)
           end as similar
      from (select lexeme as word, positions[1] as place
              from unnest(to_tsvector('diglit', words_of(:q))) order by positions[1] limit :words) typed
     cross join lateral (
           select coalesce(
               (select s from unnest(ts_lexize('english_stem', typed.word)) s
                 where length(s) >= :shortest_stem and starts_with(typed.word, s)), typed.word) as stem) stem
     cross join lateral (
           select exists (select from search_words s
                           where s.word >= stem.stem and s.word < stem.stem || U&'\+10FFFF') as known) known
     order by typed.place
""")


@dataclass(frozen=True)
class Search:
    """A search that was understood. `terms` are the prefixes that a record must have, all of them; without any, the
    text held no word, and nothing matches. `corrections` tells what was searched for in place of which word."""

    terms: tuple[str, ...]
    corrections: dict[str, str] = field(default_factory=dict)

    def matches(self, column: Any, weight: str = "") -> ColumnElement[bool]:
        """Whether the `tsvector` of a row has every term, in parts of that weight where one is given."""
        query = " & ".join(f"{_quoted(term)}:*{weight}" for term in self.terms)
        return column.bool_op("@@")(cast(query, TSQUERY))  # type: ignore[no-any-return]


def understand(session: Session | scoped_session[Session], q: str) -> Search:
    """Read the words of `q`, the first eight at most, and put unknown ones right."""
    given = {"q": q, "words": MAX_WORDS, "similar": SIMILAR_WORDS, "shortest_stem": SHORTEST_STEM}
    terms: list[str] = []
    corrections: dict[str, str] = {}
    for word, stem, known, similar in session.execute(_UNDERSTAND, given):
        nearest = None if known else _nearest(word, similar or ())
        if nearest is not None:
            corrections[word] = nearest
        terms.append(stem if nearest is None else nearest)
    return Search(tuple(dict.fromkeys(terms)), corrections)


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _nearest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that takes the fewest slips to type as `word`; None if all take more than a third of its length."""
    best = min(((slips(word, candidate), place) for place, candidate in enumerate(candidates)), default=None)
    if best is None or best[0] > max(1, len(word) // 3):
        return None
    return candidates[best[1]]


def slips(typed: str, meant: str) -> float:
    """How many letters were added, left out, swapped or mistaken. Half a slip if `typed` only begins `meant`."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], min(row) + 0.5)
