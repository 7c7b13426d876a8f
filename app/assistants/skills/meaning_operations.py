"""What terms mean, and how near skills are to each other.

    for meaning in meanings(["MS-Excel", "bookeeping", "Falconry"], keep_unknown=True): …
    kinship([meaning.skill_id for …])

A term means the skill that has it as its name or as another name (`Excel`, `MS-Excel` and `spreadsheets` are one),
else the approved skill that it is a slip of. What nobody knows waits for a person.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.assistants.models import Skill, SkillTerm
from app.assistants.skills.graph import Graph, Node, look
from app.core import records
from app.core.fitting.skills import Kinship
from app.core.tenancy import as_system
from app.core.words import slips
from app.extensions import db

How = Literal["name", "alias", "similar", "unknown"]

WAITING_CATEGORY = "Not sorted yet"
SIMILARITY = 0.55
"""Of the trigrams of two terms, so many are common at least. “bookeeping” has 0.77 of “bookkeeping”, “excell” 0.63 of
“excel”; but “Flash” has 0.5 of “Flask”, and “java” 0.33 of “javascript”."""
SHORTEST = 5
"""Below so many letters one slip makes another word: “Xero” is no “Zero”."""
LETTERS_A_SLIP = 5
"""One slip is forgiven for each five letters."""
LONG = 8
"""In so long a word a single slip is one, also where it takes many trigrams with it: “falcorny” has 0.38 of “falconry”.
"""
LONGEST = 60

_NOT_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a term means. `name` is what the skill is called; the term itself where no skill is meant."""

    asked: str
    skill_id: UUID | None
    name: str
    how: How


def meanings(terms: Sequence[str], *, keep_unknown: bool) -> list[Meaning]:
    """What each term means, in their order; two terms may mean the same skill.

    With `keep_unknown`, a term that nobody knows becomes a waiting skill, which means itself until a person decides,
    and which counts how often it came; the caller has attributed the change. `skill_id` is then None only for a term
    without a letter or digit (`---`). Otherwise nothing is written.
    """
    return _resolved(terms, keep_unknown=keep_unknown)[0] if terms else []


def understand(
    terms: Sequence[str], *, keep_unknown: bool, version: int | None = None
) -> tuple[list[Meaning], Kinship]:
    """`meanings`, and the `kinship` of what is meant, with one look for both; `version` as in `graph.look`."""
    found, graph = _resolved(terms, keep_unknown=keep_unknown, version=version)
    named = {meaning.skill_id: meaning.name for meaning in found if meaning.skill_id is not None}
    names = graph.names if named.keys() <= graph.names.keys() else {**graph.names, **named}
    return found, Kinship({skill_id: graph.closeness(skill_id) for skill_id in named}, names)


def kinship(skill_ids: Iterable[UUID]) -> Kinship:
    """What is near to each of these skills, and how much it counts: a related one by its weight, a narrower one 0.9,
    a wider one 0.5; the most where there are several ways. Relations of relations don't count."""
    graph, _ = look()
    return Kinship({skill_id: graph.closeness(skill_id) for skill_id in skill_ids}, graph.names)


def _resolved(terms: Sequence[str], *, keep_unknown: bool, version: int | None = None) -> tuple[list[Meaning], Graph]:
    graph, keys = look(terms, version=version)
    found: dict[str, Node | None] = {key: _known(graph, key) for key in keys}
    for key in [key for key, node in found.items() if node is None]:
        found[key] = _similar(graph, key)
    if keep_unknown:
        found |= _kept(found, dict(zip(reversed(keys), reversed(terms), strict=True)))
    return [_meaning(term, key, found[key], graph) for term, key in zip(terms, keys, strict=True)], graph


def _known(graph: Graph, key: str) -> Node | None:
    skill_id = graph.terms.get(key)
    return None if skill_id is None else graph.nodes.get(skill_id)


def _meaning(term: str, key: str, node: Node | None, graph: Graph) -> Meaning:
    if node is None:
        return Meaning(term, None, term, "unknown")
    if node.is_waiting:
        return Meaning(term, node.id, node.name, "unknown")
    if graph.terms.get(key) != node.id:
        return Meaning(term, node.id, node.name, "similar")
    return Meaning(term, node.id, node.name, "name" if term.casefold() == node.name.casefold() else "alias")


def _similar(graph: Graph, key: str) -> Node | None:
    """The approved skill of which the term is a slip; the most similar one, if there are several."""
    if not SHORTEST <= len(key) <= LONGEST:
        return None
    alike = func.similarity(SkillTerm.term_key, key)
    candidates = (
        select(SkillTerm.term_key, SkillTerm.skill_id, alike)
        .join(Skill, Skill.id == SkillTerm.skill_id)
        .where(SkillTerm.term_key.bool_op("%")(key), Skill.status == "approved", Skill.archived_at.is_(None))
        .order_by(alike.desc(), SkillTerm.term_key)
        .limit(10)
    )
    for other, skill_id, similarity in db.session.execute(candidates):
        if _is_slip(key, other, similarity):
            return graph.nodes.get(skill_id)
    return None


def _is_slip(typed: str, meant: str, similarity: float) -> bool:
    """Whether only letters differ, and few: “Windows 10” is never “Windows 11”, nor “Visual C#” “Visual C++”."""
    shorter, longer = sorted((len(typed), len(meant)))
    if shorter < SHORTEST or _NOT_LETTERS.sub("", typed) != _NOT_LETTERS.sub("", meant):
        return False
    # In both directions, for `slips` forgives what only begins the other: “table” is no “Tableau”.
    found = max(slips(typed, meant), slips(meant, typed))
    return (similarity >= SIMILARITY and found <= longer // LETTERS_A_SLIP) or (shorter >= LONG and found <= 1)


def _kept(found: Mapping[str, Node | None], terms: Mapping[str, str]) -> dict[str, Node | None]:
    """Make a waiting skill for each term that nobody knows, and count those that were waiting already once more."""
    new = sorted(key for key, node in found.items() if node is None and 1 <= len(key) <= LONGEST)
    with as_system("skills are written by staff; a request adds those that wait for them"):
        made, met = _made(new, terms) if new else ({}, {})
        again = {node.id for node in (*found.values(), *met.values()) if node is not None and node.is_waiting}
        if again:
            _count(again)
    return {**made, **met}


def _count(skill_ids: Iterable[UUID]) -> None:
    """Count them in one order, so that two who ask for the same don't wait for each other in a circle. That somebody
    asked for a skill doesn't change it."""
    in_order = select(Skill.id).where(Skill.id.in_(skill_ids)).order_by(Skill.id).with_for_update(key_share=True)
    counted = update(Skill).where(Skill.id.in_(select(in_order.cte("held").c.id)))
    values = {"asked": Skill.asked + 1, "updated_at": Skill.updated_at}
    db.session.execute(counted.values(values).execution_options(synchronize_session=False))


def _made(keys: Sequence[str], terms: Mapping[str, str]) -> tuple[dict[str, Node], dict[str, Node]]:
    """A waiting skill for each key: those that are new, and those that somebody else made at the same moment."""
    locks = func.pg_advisory_xact_lock(func.hashtextextended(func.unnest(literal(keys, ARRAY(Text))), 0))
    db.session.execute(select(locks))
    graph, _ = look()
    met = {key: node for key in keys if (node := _known(graph, key)) is not None}
    missing = [key for key in keys if key not in met]
    rows = [
        {"name": terms[key].strip(), "category": WAITING_CATEGORY, "status": "waiting", "asked": 1} for key in missing
    ]
    skills = records.insert_records(Skill, rows) if rows else []
    made = {
        key: Node(skill.id, skill.name, None, is_waiting=True, is_archived=False)
        for key, skill in zip(missing, skills, strict=True)
    }
    return made, met
