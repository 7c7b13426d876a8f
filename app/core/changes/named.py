"""The records that rows of a file may be of: by id, by slug, by name. Names are equal however they are typed or
capitalised; what differs from a name by accents alone is its twin, and is told."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.core.kinds import Kind
from app.core.names import by_name, name_key, tidy


@dataclass(frozen=True)
class Found:
    """What there is for a number of rows."""

    kind: Kind
    by_id: Mapping[UUID, Any] = field(default_factory=dict)
    by_slug: Mapping[str, Any] = field(default_factory=dict)
    _by_plain: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    _plain: Mapping[str, str] = field(default_factory=dict)
    _archived: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def archived(self, name: str) -> list[Any]:
        """The archived records that have this name, as far as they were looked for."""
        key = name_key(name)
        return [record for record in self._archived.get(self.plain(name), ()) if self._key_of(record) == key]

    def named(self, name: str) -> list[Any]:
        """The records on sale that have this name."""
        key = name_key(name)
        return [record for record in self._alike(name) if self._key_of(record) == key]

    def twin_of(self, name: str) -> Any:
        """A record on sale whose name differs by accents alone, if there is one."""
        key = name_key(name)
        return next((record for record in self._alike(name) if self._key_of(record) != key), None)

    def plain(self, name: str) -> str:
        """The name as the search sees it."""
        return self._plain.get(tidy(name), "")

    def _key_of(self, record: Any) -> str:
        return name_key(self.kind.name_of(record))

    def _alike(self, name: str) -> Sequence[Any]:
        return self._by_plain.get(self.plain(name), ())


def find_records(
    session: Session,
    kind: Kind,
    ids: Collection[UUID],
    slugs: Collection[str],
    names: Collection[str],
    *,
    archived: Collection[str] = (),
) -> Found:
    """What there is with these ids, slugs and names on sale, and with the names `archived` off sale."""
    model = kind.model
    query = select(model).options(*kind.load_options)
    plain = _plain_of(session, {tidy(name) for name in names})
    off_sale = {plain[tidy(name)] for name in archived}
    alike, gone = (
        _named(session, kind, set(plain.values()), model.archived_at.is_(None)),
        _named(session, kind, off_sale, model.archived_at.is_not(None)),
    )
    return Found(
        kind,
        {record.id: record for record in session.scalars(query.where(_one_of(model.id, Uuid, ids)))} if ids else {},
        {record.slug: record for record in session.scalars(query.where(_one_of(model.slug, Text, slugs)))}
        if slugs
        else {},
        alike,
        plain,
        gone,
    )


def _named(
    session: Session, kind: Kind, plain: Collection[str], which: ColumnElement[bool]
) -> Mapping[str, Sequence[Any]]:
    """Records by their names as the search sees them, on which the index is."""
    found: dict[str, list[Any]] = defaultdict(list)
    if plain:
        name = kind.label
        query = select(kind.model, func.plain(name)).options(*kind.load_options)
        wanted = query.where(_one_of(by_name(name), Text, plain), which).order_by(kind.model.id)
        for record, as_searched in session.execute(wanted):
            found[as_searched].append(record)
    return found


def _one_of(what: ColumnElement[Any], kind: type[TypeEngine[Any]], values: Collection[Any]) -> ColumnElement[bool]:
    """As one parameter: a statement with a thousand of them takes longer to be put together than to be run."""
    return what == func.any(cast(list(values), ARRAY(kind)))


def _plain_of(session: Session, names: Collection[str]) -> dict[str, str]:
    if not names:
        return {}
    given = func.unnest(cast(sorted(names), ARRAY(Text))).table_valued(column("name", Text))
    return dict(session.execute(select(given.c.name, func.plain(given.c.name))).all())
