"""The skills as a whole: what is called what, and what is close to what. Kept in memory while nothing has changed.

Every look begins with `data_versions`: a graph that was read under the same version holds what the database would
answer now. A transaction that has changed skills itself reads its own, and keeps nothing.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.assistants.models import Skill, SkillRelation, SkillTerm
from app.core.versions import VERSION, PerDatabase
from app.extensions import db

NARROWER = 0.9
"""A narrower skill counts nearly in full for the one that it is part of: who masters pivot tables works in Excel, and
still may have gaps elsewhere in it."""
WIDER = 0.5
"""A wider skill counts half for a part of it: an accountant has met payroll, but the part may be new."""
TERMS = 20_000
"""Terms whose keys are remembered."""

TABLES = ("skills", "skill_relations")
_LOOK = text(f"""
    select {VERSION} as version,
           array(select skill_key(t.term) from unnest(:terms) with ordinality t (term, place) order by place) as keys
      from data_versions where table_name in {TABLES}
""").bindparams(bindparam("terms", type_=ARRAY(Text)))  # noqa: S608


@dataclass(frozen=True, slots=True)
class Node:
    """A skill as the graph has it."""

    id: UUID
    name: str
    parent_id: UUID | None
    is_waiting: bool
    is_archived: bool


@dataclass(frozen=True)
class Graph:
    nodes: Mapping[UUID, Node]
    names: Mapping[UUID, str]
    terms: Mapping[str, UUID]
    """The skill of each name and alias, by what its spellings have in common."""
    relations: Mapping[UUID, Mapping[UUID, float]]
    """Related skills with their weights, in both directions."""
    children: Mapping[UUID, Sequence[UUID]]
    _known: dict[UUID, Mapping[UUID, float]] = field(default_factory=dict)

    def closeness(self, skill_id: UUID) -> Mapping[UUID, float]:
        """How much each other skill counts where this one is asked for: the most of the ways that lead to it."""
        found = self._known.get(skill_id)
        if found is None:
            found = self._known[skill_id] = self._closeness(skill_id)
        return found

    def _closeness(self, skill_id: UUID) -> dict[UUID, float]:
        close = dict(self.relations.get(skill_id, {}))
        node = self.nodes.get(skill_id)
        if node is not None and node.parent_id is not None:
            close[node.parent_id] = max(WIDER, close.get(node.parent_id, 0))
        for narrower in self.descendants(skill_id):
            close[narrower] = max(NARROWER, close.get(narrower, 0))
        close.pop(skill_id, None)
        return close

    def descendants(self, skill_id: UUID) -> list[UUID]:
        """Every narrower skill, of any depth."""
        found: dict[UUID, None] = {}
        waiting = list(self.children.get(skill_id, ()))
        while waiting:
            child = waiting.pop()
            if child not in found:
                found[child] = None
                waiting += self.children.get(child, ())
        return list(found)


class _Memory:
    """The graph of one database, with the version that it was read under."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[int, Graph] | None = None
        self._keys: dict[str, str] = {}

    def at(self, version: int) -> Graph:
        kept = self._kept
        if kept is None or kept[0] != version:
            with self._lock:
                kept = self._kept
                if kept is None or kept[0] != version:
                    kept = self._kept = (version, read_graph())
        return kept[1]

    def keys_of(self, terms: Sequence[str]) -> list[str] | None:
        """The keys of the terms, if all of them came before: a key never changes."""
        keys = [self._keys.get(term) for term in terms]
        return None if None in keys else [key for key in keys if key is not None]

    def learn(self, terms: Sequence[str], keys: Sequence[str]) -> None:
        if len(self._keys) > TERMS:
            self._keys = {}
        self._keys.update(zip(terms, keys, strict=True))


_memories = PerDatabase(_Memory)


def look(terms: Sequence[str] = (), *, version: int | None = None) -> tuple[Graph, list[str]]:
    """The graph as it is now, and the key of each term, in one query while nothing has changed.

    With the `version` of the skills, which the caller has looked at just now, in none for terms that came before. The
    transaction must not have changed skills itself then.
    """
    memory = _memories.of(db.session)
    if version is not None and memory is not None and (known := memory.keys_of(terms)) is not None:
        return memory.at(version), known
    row = db.session.execute(_LOOK, {"terms": list(terms)}).one()
    if memory is None:
        return read_graph(), row.keys
    memory.learn(terms, row.keys)
    return read_graph() if row.version is None else memory.at(row.version), row.keys


def read_graph() -> Graph:
    """The graph from the tables."""
    found = select(Skill.id, Skill.name, Skill.parent_id, Skill.status == "waiting", Skill.archived_at.is_not(None))
    nodes = {row[0]: Node(*row) for row in db.session.execute(found)}
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for node in nodes.values():
        if node.parent_id is not None:
            children[node.parent_id].append(node.id)
    relations: dict[UUID, dict[UUID, float]] = defaultdict(dict)
    pairs = select(SkillRelation.skill_id, SkillRelation.related_id, SkillRelation.weight)
    for one, other, weight in db.session.execute(pairs):
        relations[one][other] = relations[other][one] = float(weight)
    terms = dict(db.session.execute(select(SkillTerm.term_key, SkillTerm.skill_id)).all())
    return Graph(nodes, {node.id: node.name for node in nodes.values()}, terms, relations, children)
