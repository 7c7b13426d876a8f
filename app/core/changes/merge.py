"""Two people edit one record: who changed different fields both win; who changed the same one is shown both values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from app.core.audit import AuditEntry
from app.core.changes.naming import Names
from app.core.changes.states import entries_since, rewind
from app.core.changes.wording import in_words, label_of, link_target, packed
from app.core.kinds import Editing, Kind, editing_of
from app.core.schemas import partial
from app.core.sessions import AnySession, plain


@dataclass(frozen=True)
class Theirs:
    """A field that somebody else changed meanwhile: from `base` to `value`."""

    field: str
    label: str
    base: Any
    value: Any
    text: str
    actor_id: UUID | None
    actor_name: str
    at: datetime


@dataclass(frozen=True)
class FieldConflict:
    """A field that both changed, to different values. The `_text`s are for people."""

    field: str
    label: str
    base: Any
    theirs: Any
    mine: Any
    base_text: str
    theirs_text: str
    mine_text: str
    actor_id: UUID | None
    actor_name: str
    at: datetime


@dataclass(frozen=True)
class Merge:
    """`changes` are the fields to write: those that the person changed and nobody else did. With `conflicts`, nothing
    should be written until the person has seen them; `theirs` are all that others changed."""

    changes: dict[str, Any]
    theirs: tuple[Theirs, ...]
    conflicts: tuple[FieldConflict, ...]


def three_way(
    session: AnySession,
    kind: Kind,
    record: Any,
    base_version: int,
    submitted: Mapping[str, Any],
) -> Merge:
    """Join what a person submitted, who had read version `base_version`, with the record as it is now.

    The record must be locked for update, with its parts loaded; `submitted` holds validated values by input field. A
    field that was submitted as it had been read counts as untouched. A list of parts counts as one field.
    """
    session = plain(session)
    entries = entries_since(session, kind, record.id, base_version) if record.version != base_version else []
    editing = editing_of(kind)
    current = editing.values(record)
    base = editing.values(rewind(kind, record, entries)) if entries else current
    return _Merging(session, editing, base, current, submitted, _authors(editing, entries)).result()


@dataclass
class _Merging:
    session: Session
    editing: Editing
    base: Mapping[str, Any]
    current: Mapping[str, Any]
    submitted: Mapping[str, Any]
    authors: Mapping[str, AuditEntry]

    def result(self) -> Merge:
        changed = {name for name in self.base if not self._same(name, self.base[name], self.current[name])}
        mine = {name for name in self.submitted if not self._same(name, self.submitted[name], self.base[name])}
        disputed = {n for n in changed & mine if not self._same(n, self.submitted[n], self.current[n])}
        names = self._names(changed)
        return Merge(
            changes={name: self.submitted[name] for name in self.submitted if name in mine - changed},
            theirs=tuple(self._theirs(name, names) for name in self.base if name in changed),
            conflicts=tuple(self._conflict(name, names) for name in self.base if name in disputed),
        )

    def _same(self, name: str, one: Any, other: Any) -> bool:
        return bool(canonical(self.editing, name, one) == canonical(self.editing, name, other))

    def _theirs(self, name: str, names: Names) -> Theirs:
        author = self.authors[name]
        return Theirs(
            name, label_of(self.editing.kind, name), self.base[name], self.current[name],
            self._text(name, self.current[name], names), author.actor_id, author.actor_name, author.at,
        )  # fmt: skip

    def _conflict(self, name: str, names: Names) -> FieldConflict:
        author = self.authors[name]
        base, theirs, mine = self.base[name], self.current[name], self.submitted[name]
        return FieldConflict(
            name, label_of(self.editing.kind, name), base, theirs, mine,
            self._text(name, base, names), self._text(name, theirs, names), self._text(name, mine, names),
            author.actor_id, author.actor_name, author.at,
        )  # fmt: skip

    def _names(self, fields: Iterable[str]) -> Names:
        references = []
        for name in fields:
            target = target_of_list(self.editing.kind, name)
            for side in (self.base, self.current, self.submitted) if target else ():
                references += [(target, value) for value in side.get(name) or ()]
        return Names.load(self.session, [(target, value) for target, value in references if target])

    def _text(self, name: str, value: Any, names: Names) -> str:
        if name in self.editing.cells and value is not None:
            return packed(self.editing, name, value)
        return in_words(value, field=name, target=target_of_list(self.editing.kind, name), names=names)


def canonical(editing: Editing, field: str, value: Any) -> Any:
    """A field's value in the one form in which equal values are equal: as the input schema writes it.

    What the schema would not take (it stands there since the rules were others) is compared as it is.
    """
    if value is None:
        return None
    try:
        patch = partial(editing.input).model_validate(editing.unpacked({field: value}))
    except ValidationError:
        return to_jsonable_python(value)
    return patch.model_dump(mode="json", include={field})[field]


def target_of_list(kind: Kind, field: str) -> str | None:
    """The table that a field's list of ids refers to (`product_ids` of a solution)."""
    if not field.endswith("_ids"):
        return None
    links = (link_target(table, kind.table) for table in kind.children)
    return next((link[1] for link in links if link and f"{link[0]}s" == field), None)


def _authors(editing: Editing, entries: Sequence[AuditEntry]) -> dict[str, AuditEntry]:
    """Who changed each input field last."""
    authors: dict[str, AuditEntry] = {}
    own = {*editing.kind.model.__table__.columns.keys(), *editing.composites}
    part_fields = [name for name in editing.input.model_fields if name not in own]
    for entry in entries:
        changed = entry.after or entry.before or {}
        whole = [name for name, columns in editing.composites.items() if not changed.keys().isdisjoint(columns)]
        for name in (*changed, *whole) if entry.table_name == editing.kind.table else part_fields:
            authors.setdefault(name, entry)
    return authors
