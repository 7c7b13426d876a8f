"""What a person typed, as a search that the database can answer: every word is a prefix, accents and capitals don't
count, endings are cut to the stem, and a word that no record has is put right by the nearest that some record has."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, cast, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, scoped_session

MAX_WORDS = 8
MAX_FORMS = 20
SIMILAR_WORDS = 30

TYPED = rf"""
    select typed.place, typed.word, stem.stem, known.forms,
           case when known.forms = '{{}}' and typed.word ~ '^[[:alpha:]]{{3,40}}$' then array(
               select s.word from search_words s
                where s.word % typed.word
                order by similarity(s.word, typed.word) desc, s.word limit {SIMILAR_WORDS})
           end as similar
      from (select lexeme as word, positions[1] as place
              from unnest(to_tsvector('diglit', parts_of(:q))) order by positions[1] limit {MAX_WORDS}) typed
     cross join lateral (
           select coalesce(
               (select s from unnest(ts_lexize('english_stem', typed.word)) s
                 where length(s) >= 3 and starts_with(typed.word, s)), typed.word) as stem) stem
     cross join lateral (
           select array(select s.word from search_words s
                         where s.word >= stem.stem and s.word < stem.stem || U&'\+10FFFF'
                         order by s.word limit {MAX_FORMS + 1}) as forms) known
"""  # noqa: S608
"""The query that reads the words of `:q`, for `Search.of`."""


TYPED_EXACTLY = f"""
    select typed.place, typed.word, typed.word as stem, '{{}}'::text[] as forms, null::text[] as similar
      from (select lexeme as word, positions[1] as place
              from unnest(to_tsvector('diglit', parts_of(:q))) order by positions[1] limit {MAX_WORDS}) typed
"""  # noqa: S608
"""The same for what is searched as it is typed, and puts nothing right: names of people."""


@dataclass(frozen=True)
class Term:
    """One word of a search. A record has it if it has a word that begins with `prefix`. `forms` are all such words
    that are known, where they are few; `word` is the one that was typed."""

    prefix: str
    forms: tuple[str, ...] = ()
    word: str = ""

    def among_others(self) -> str:
        """The term as it is looked up together with others. An index reads whole what has a prefix, but skips through
        the rows of a word; so the few forms are named, and what is shorter than a syllable has to be a word. The prefix
        is named with its forms, and what was typed: a word of one or two letters is never among them."""
        if not self.forms and len(self.prefix) >= 3:
            return self.alone()
        return f"({' | '.join(map(_quoted, dict.fromkeys((*self.forms, self.prefix, self.word or self.prefix))))})"

    def alone(self) -> str:
        return f"{_quoted(self.prefix)}:*"


@dataclass(frozen=True)
class Search:
    """A search that was understood. A record must have all its terms; without any, the text held no word, and nothing
    matches. `corrections` tells what was searched for in place of which word."""

    terms: tuple[Term, ...]
    corrections: dict[str, str] = field(default_factory=dict)
    joined: tuple[Term, ...] = ()
    """What is searched for as well, where signs part what was typed: `kt-ins` as one word."""

    typed: str = ""
    """What was typed, with single blanks and corrected: what the best match begins with."""

    def or_joined(self, other: "Search") -> "Search":
        """This search, or the other one, which spells what signs part as one word."""
        return replace(self, joined=other.terms)

    @classmethod
    def of(cls, rows: Iterable[Any]) -> "Search":
        """The search that the rows of `TYPED` spell."""
        terms: dict[str, Term] = {}
        corrections: dict[str, str] = {}
        for row in rows:
            term = Term(row.stem, tuple(row.forms) if len(row.forms) <= MAX_FORMS else (), row.word)
            nearest = None if row.forms else _nearest(row.word, row.similar or ())
            if nearest is not None:
                corrections[row.word] = nearest
                term = Term(nearest, (nearest,), nearest)
            terms[term.prefix] = term
        return cls(tuple(terms.values()), corrections)

    @property
    def tsquery(self) -> ColumnElement[str]:
        return _any_of([_all_of(terms) for terms in (self.terms, self.joined) if terms])

    @property
    def whole_words(self) -> ColumnElement[str]:
        """The same for the words as they were typed, none of them a mere beginning."""
        ways = (terms for terms in (self.terms, self.joined) if terms)
        return _any_of([" & ".join(_quoted(term.word) for term in terms) for terms in ways])

    def matches(self, column: Any) -> ColumnElement[bool]:
        """Whether the `tsvector` of a row has every term."""
        return column.bool_op("@@")(self.tsquery)  # type: ignore[no-any-return]


def understand(session: Session | scoped_session[Session], q: str, *, exactly: bool = False) -> Search:
    """Read the words of `q`, the first eight at most, and put unknown ones right, unless they are meant `exactly`."""
    words = TYPED_EXACTLY if exactly else TYPED
    search = Search.of(session.execute(text(f"{words} order by place"), {"q": spelled(q)}))
    return with_joined(session, q, search)


def with_joined(session: Session | scoped_session[Session], q: str, search: Search) -> Search:
    """The search that was understood of `q`; and where signs part words of it, what they are as one."""
    search = replace(search, typed=" ".join(search.corrections.get(word.casefold(), word) for word in q.split()))
    typed = spelled(q)
    as_one = _COMPOUND.sub(lambda found: _SIGN.sub("", found[0]), typed)
    if as_one == typed:
        return search
    return search.or_joined(Search.of(session.execute(text(f"{TYPED_EXACTLY} order by place"), {"q": as_one})))


def spelled(q: str) -> str:
    """What was typed, with the names that a sign makes as the words that stand for them: `C++`, `C#`; what follows at
    once is a word of its own, as in `C++17`."""
    return _NAMED_BY_SIGN.sub(_in_words, q)


def _in_words(found: re.Match[str]) -> str:
    return found[1] + ("sharp" if found[2] == "#" else "plusplus") + (" " if found[3] else "")


_NAMED_BY_SIGN = re.compile(r"(\w+)(\+\+|#)(?=(\w?))")
_SIGN = re.compile("[-/.&_'’+@]")
_COMPOUND = re.compile(r"[^\W_]+(?:[-/.&_'’+@][^\W_]+)+")


def _any_of(ways: Sequence[str]) -> ColumnElement[str]:
    return cast(" | ".join(f"({way})" for way in ways) if len(ways) > 1 else ways[0], TSQUERY)


def _all_of(terms: Sequence[Term]) -> str:
    return " & ".join(term.among_others() for term in terms) if len(terms) > 1 else terms[0].alone()


def _quoted(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def _nearest(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that takes the fewest slips to type as `word`; None if all take more than a third of its length."""
    best = min(((slips(word, candidate), place) for place, candidate in enumerate(candidates)), default=None)
    if best is None or best[0] > max(1, len(word) // 3):
        return None
    return candidates[best[1]]


def slips(typed: str, meant: str) -> float:
    """How many letters were added, left out, swapped or mistaken; half a slip if `typed` only begins `meant`."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, a in enumerate(typed, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == meant[j - 2] and typed[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], min(row) + 0.5)
