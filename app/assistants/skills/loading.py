"""The taxonomy that comes with the portal (`app/assistants/taxonomy/*.toml`), brought into the database.

Only what was never there is added: skills, and other names of skills that nobody has edited. What an administrator
renamed, changed or archived stays so, and a term that means another skill by now is left to it.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Text

from app.assistants.models import Skill, SkillRelation, SkillTerm
from app.assistants.skills.waiting import make_other_name
from app.assistants.skills.words import words_changed
from app.core import records
from app.core.audit import Actor, AuditEntry, audit_as
from app.core.clock import now
from app.core.domain import Seeding
from app.core.ids import new_id
from app.core.records import slug_of
from app.extensions import db

DATA = Path(__file__).parent.parent / "taxonomy"

Entry = Mapping[str, Any]
_Keys = Mapping[str, str]


@cache
def read_taxonomy() -> tuple[Entry, ...]:
    """Every skill that comes with the portal, with its category and slug."""
    files = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("*.toml")))
    return tuple(
        {"category": file["category"], "slug": slug_of(entry["name"]), "aliases": [], "related": {}, **entry}
        for file in files
        for entry in file["skill"]
    )


_MISSING = text("""
    select exists (select from unnest(cast(:slugs as text[]), cast(:names as text[])) e (slug, name)
                    where not exists (select from skills s where s.slug = e.slug)
                      and not exists (select from skill_terms t where t.term_key = skill_key(e.name)))
        or exists (select from unnest(cast(:aliases as text[])) a (term)
                    where not exists (select from skill_terms t join skills s on s.id = t.skill_id
                                       where t.term_key = skill_key(a.term)
                                         and (s.status <> 'waiting' or s.archived_at is not null)))
""")


def is_loaded(connection: Connection) -> bool:
    """Whether there is nothing to load: a look that costs little. An administrator who gave a skill another name and
    another slug makes it seem to be missing; loading then finds that it was there."""
    entries = read_taxonomy()
    values = {
        "slugs": [entry["slug"] for entry in entries],
        "names": [entry["name"] for entry in entries],
        "aliases": [term for entry in entries for term in entry["aliases"]],
    }
    return not connection.scalar(_MISSING, values)


def load_skills(*, actor: Actor) -> int:
    """Add what was never there; tells how many skills that were. A term that waits for a decision is decided by it."""
    db.session.execute(text("select pg_advisory_xact_lock(hashtext('skills.load'))"))
    audit_as(db.session, actor=actor, action="create")
    entries = _never_there(read_taxonomy())
    added = _Loading(entries, _keys_of(entries), actor).run() if entries else 0
    _add_names(read_taxonomy(), actor)
    return added


def add_skills(seeding: Seeding) -> Iterator[None]:
    """For the demo."""
    load_skills(actor=seeding.actor)
    yield


def _never_there(entries: Sequence[Entry]) -> list[Entry]:
    """Those whose slug no skill of the taxonomy has, or ever had: the audit knows what was given another."""
    slugs = [entry["slug"] for entry in entries]
    once = func.jsonb_extract_path_text(AuditEntry.after, "slug")
    approved = func.coalesce(func.jsonb_extract_path_text(AuditEntry.after, "status"), "approved") == "approved"
    had = select(once).where(AuditEntry.table_name == Skill.__tablename__, once.in_(slugs), approved)
    there = db.session.scalars(select(Skill.slug).where(Skill.slug.in_(slugs), Skill.status == "approved").union(had))
    gone_or_there = set(there)
    return [entry for entry in entries if entry["slug"] not in gone_or_there]


def _add_names(entries: Sequence[Entry], actor: Actor) -> None:
    """Give skills that are as they were loaded the other names that the taxonomy has learned since. A term that means
    another skill already is left to it; one that waits for a decision is decided."""
    keys = _keys_of(entries)
    known = dict(db.session.execute(select(SkillTerm.term_key, SkillTerm.skill_id)).all())
    undecided = select(Skill).where(Skill.status == "waiting", Skill.archived_at.is_(None))
    waiting = {skill.id: skill for skill in db.session.scalars(undecided)}
    wanted = {
        entry["slug"]: [term for term in entry["aliases"] if (of := known.get(keys[term])) is None or of in waiting]
        for entry in entries
    }
    edited = select(AuditEntry.record_id).where(
        AuditEntry.table_name == Skill.__tablename__,
        AuditEntry.before.is_not(None),
        AuditEntry.actor_id.is_not(None),
        AuditEntry.record_id == Skill.id,
    )
    slugs = [slug for slug, terms in wanted.items() if terms]
    untouched = select(Skill).where(
        Skill.slug.in_(slugs), Skill.status == "approved", Skill.archived_at.is_(None), ~edited.exists()
    )
    audit_as(db.session, actor=actor, action="update")
    for skill in db.session.scalars(untouched).all():
        asked = [waiting[known[keys[term]]] for term in wanted[skill.slug] if keys[term] in known]
        skill.aliases = [*skill.aliases, *(term for term in wanted[skill.slug] if keys[term] not in known)]
        db.session.flush()
        words_changed(skill.id)
        for term in asked:
            make_other_name(term, skill.name, actor=actor)


def _keys_of(entries: Sequence[Entry]) -> dict[str, str]:
    """What the spellings of each term have in common; parents and relations are named by terms, too."""
    named = ((e["name"], *e["aliases"], *e["related"], e.get("parent", e["name"])) for e in entries)
    terms = sorted(set(chain.from_iterable(named)))
    given = func.unnest(literal(terms, ARRAY(Text))).table_valued("term").render_derived()
    return dict(db.session.execute(select(given.c.term, func.skill_key(given.c.term))).all())


class _Loading:
    """One run. `known` is the skill of each term, and follows what is added."""

    def __init__(self, entries: Sequence[Entry], keys: Mapping[str, str], actor: Actor) -> None:
        self.keys = keys
        self.actor = actor
        self.known: dict[str, UUID] = dict(db.session.execute(select(SkillTerm.term_key, SkillTerm.skill_id)).all())
        undecided = select(Skill).where(Skill.status == "waiting", Skill.archived_at.is_(None))
        self.waiting: dict[UUID, Skill] = {skill.id: skill for skill in db.session.scalars(undecided)}
        self.slugs = set(db.session.scalars(select(Skill.slug)))
        self.entries = [entry for entry in entries if self._is_free(entry["name"]) or self._waits(entry["name"])]

    def run(self) -> int:
        others = [(e["name"], term) for e in self.entries for term in e["aliases"] if self._waits(term)]
        for level in self._levels():
            self._add([entry for entry in level if not self._waits(entry["name"])])
            for entry in level:
                if self._waits(entry["name"]):
                    self._approve(entry)
        self._relate()
        for name, term in others:
            self._decide(name, term)
        return len(self.entries)

    def _id_of(self, term: str) -> UUID | None:
        return self.known.get(self.keys[term])

    def _is_free(self, term: str) -> bool:
        return self._id_of(term) is None

    def _waits(self, term: str) -> bool:
        return self._id_of(term) in self.waiting

    def _levels(self) -> Iterator[list[Entry]]:
        """Wider skills before those that are part of them."""
        rest = list(self.entries)
        while rest:
            names = {entry["name"] for entry in rest}
            level = [entry for entry in rest if entry.get("parent") not in names]
            yield level
            rest = [entry for entry in rest if entry.get("parent") in names]

    def _fields(self, entry: Entry) -> dict[str, Any]:
        """Without the other names that mean something else by now."""
        aliases = [term for term in entry["aliases"] if self._is_free(term)]
        parent_id = self._id_of(entry["parent"]) if "parent" in entry else None
        named = {name: entry[name] for name in ("name", "category", "description")}
        return {**named, "parent_id": parent_id, "aliases": aliases, "status": "approved"}

    def _add(self, entries: Sequence[Entry]) -> None:
        slugs = [None if entry["slug"] in self.slugs else entry["slug"] for entry in entries]
        rows = [{**self._fields(entry), "slug": slug} for entry, slug in zip(entries, slugs, strict=True)]
        for skill in records.insert_records(Skill, rows) if rows else ():
            self._learn(skill)

    def _approve(self, entry: Entry) -> None:
        skill = self.waiting.pop(self.known[self.keys[entry["name"]]])
        for name, value in self._fields(entry).items():
            setattr(skill, name, value)
        db.session.flush()
        words_changed(skill.id)
        self._learn(skill)

    def _learn(self, skill: Skill) -> None:
        self.known |= {self.keys[term]: skill.id for term in (skill.name, *skill.aliases)}

    def _relate(self) -> None:
        pairs: dict[frozenset[UUID], dict[str, Any]] = {}
        moment = now()
        for entry in self.entries:
            one = self.known[self.keys[entry["name"]]]
            for name, weight in entry["related"].items():
                other = self._id_of(name)
                if other is not None and other != one:
                    relation = {"skill_id": one, "related_id": other, "weight": Decimal(str(weight))}
                    dates = {"id": new_id(), "created_at": moment, "updated_at": moment}
                    pairs.setdefault(frozenset((one, other)), {**relation, **dates})
        if pairs:
            db.session.execute(insert(SkillRelation).on_conflict_do_nothing(), list(pairs.values()))

    def _decide(self, name: str, term: str) -> None:
        """Make a waiting term the other name that the taxonomy takes it for."""
        skill = self.waiting.pop(self.known[self.keys[term]], None)
        if skill is not None:
            make_other_name(skill, name, actor=self.actor)
