"""Rows of a file turned into what they would do: make a record, change one, change nothing, or what is wrong with them.

A row is of the record that its `id` names, else its `slug`. With neither, it is of the one record on sale that has its
name; where there is none it is new, and where there are several it must say which it means. An empty cell leaves a
record's value as it is, and gives a new record the default.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Text, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.core.amounts import Ambiguous, Mark, decimal_mark, read_amount
from app.core.cells import split_items, unguard
from app.core.changes.columns import ID, Layout, Marks, amounts_of, choices_of, lists_of
from app.core.changes.csv_reader import Sheet
from app.core.changes.merge import canonical
from app.core.changes.models import RowKind
from app.core.changes.wording import packed
from app.core.chunks import chunked
from app.core.names import by_name
from app.core.resources import Resource
from app.core.schemas import partial
from app.core.validation import field_errors

CHUNK = 1_000
SLUG, NAME = "slug", "name"
_NO_AMOUNT = frozenset({"amount", "decimal_parsing", "decimal_type", "finite_number"})


@dataclass
class Draft:
    """A row on its way: its cells by field, and what they come to."""

    number: int
    cells: dict[str, str]
    surplus: bool = False
    kind: RowKind = RowKind.WRONG
    record: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        self.problems.append({"field": name, "value": self.cells.get(name, ""), "message": message})

    @property
    def label(self) -> str:
        return str(self.cells.get(NAME) or getattr(self.record, "name", "") or self.cells.get(SLUG, ""))[:120]


def drafts_of(sheet: Sheet, layout: Layout) -> list[Draft]:
    return [
        Draft(row.number, {name: row.cells[at] for at, name in layout.fields.items()}, bool(row.surplus))
        for row in sheet.rows
    ]


def marks_of(resource: Resource, drafts: Sequence[Draft]) -> dict[str, Mark]:
    """The decimal mark of each column of amounts, as far as its cells give it away."""
    found = {}
    for name in amounts_of(resource.input):
        if mark := decimal_mark(draft.cells.get(name, "") for draft in drafts):
            found[name] = mark
    return found


def examine(session: Session, resource: Resource, drafts: Sequence[Draft], marks: Marks) -> None:
    """Decide what each row does."""
    for chunk in chunked(drafts, CHUNK):
        found = _find_records(session, resource, chunk)
        for draft in chunk:
            _examine(resource, draft, found, marks)
    _refuse_repeated(resource, drafts)


def _examine(resource: Resource, draft: Draft, found: "_Found", marks: Marks) -> None:
    if draft.surplus:
        draft.refuse("", "The row has more cells than there are columns. Is a separator missing its quotation marks?")
    values = _values(resource, draft, marks)
    draft.record = _match(resource, draft, found)
    schema = resource.input if draft.record is None else partial(resource.input)
    try:
        valid = schema.model_validate(values)
    except ValidationError as error:
        known = {problem["field"] for problem in draft.problems}
        for wrong in field_errors(error):
            name = wrong.pointer.split("/")[1] if wrong.pointer else ""
            if name not in known:
                no_amount = name in amounts_of(resource.input) and wrong.code in _NO_AMOUNT
                draft.refuse(
                    name, "This is no amount. Write it as 1499.00 or 1.499,00." if no_amount else wrong.message
                )
    if draft.problems:
        return
    if draft.record is None:
        draft.kind, draft.after = RowKind.NEW, _packed(resource, valid.model_dump(exclude_unset=True))
    else:
        _compare(resource, draft, {name: getattr(valid, name) for name in valid.model_fields_set})
        owner = found.by_slug.get(draft.after.get(SLUG, ""))
        if owner is not None and owner is not draft.record:
            draft.refuse(SLUG, f"“{owner.name}” has this slug.")
            draft.kind = RowKind.WRONG


def _compare(resource: Resource, draft: Draft, values: Mapping[str, Any]) -> None:
    current = resource.values(draft.record)
    for name, value in values.items():
        if value != current[name] and canonical(resource, name, value) != canonical(resource, name, current[name]):
            draft.before[name], draft.after[name] = current[name], value
    draft.before, draft.after = _packed(resource, draft.before), _packed(resource, draft.after)
    draft.kind = RowKind.CHANGED if draft.after else RowKind.UNCHANGED


def _packed(resource: Resource, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: packed(resource, name, value) if name in resource.cells else value for name, value in fields.items()}


def _values(resource: Resource, draft: Draft, marks: Marks) -> dict[str, Any]:
    """The cells that hold something, as the schema takes them."""
    values: dict[str, Any] = {}
    for name, cell in draft.cells.items():
        if name == ID or not cell.strip():
            continue
        if name in amounts_of(resource.input):
            amount = read_amount(unguard(cell), marks.get(name))
            if isinstance(amount, Ambiguous):
                draft.refuse(name, f"This may be {amount.whole} or {amount.decimal}. Write one or the other.")
            values[name] = amount.whole if isinstance(amount, Ambiguous) else amount
        elif name in resource.cells:
            try:
                values[name] = resource.cells[name].read(unguard(cell))
            except ValueError as error:
                draft.refuse(name, str(error))
        elif name in lists_of(resource.input):
            values[name] = [item for line in unguard(cell).splitlines() for item in split_items(line)]
        else:
            text = unguard(cell)
            values[name] = choices_of(resource.input, name).get(text.strip().casefold(), text)
    return values


@dataclass(frozen=True)
class _Found:
    """The records that a chunk of rows may be of."""

    by_id: Mapping[UUID, Any]
    by_slug: Mapping[str, Any]
    by_name: Mapping[str, Sequence[Any]]


def _find_records(session: Session, resource: Resource, drafts: Sequence[Draft]) -> _Found:
    model = resource.model
    ids, slugs, names = set(), set(), set()
    for draft in drafts:
        key, slug, name = _uuid(draft.cells.get(ID, "")), _text(draft, SLUG), _text(draft, NAME)
        if key:
            ids.add(key)
        if slug:
            slugs.add(slug)
        if name and not key and not slug:
            names.add(name)
    query = select(model).options(*resource.load_options)
    called: dict[str, list[Any]] = {}
    if names:
        # The index is on names as the search sees them.
        plain_names = session.scalars(select(func.plain(func.unnest(cast(sorted(names), ARRAY(Text)))))).all()
        alike = by_name(model.name).in_(plain_names)
        for record in session.scalars(query.where(alike, model.name.in_(names), model.archived_at.is_(None))):
            called.setdefault(record.name, []).append(record)
    return _Found(
        {record.id: record for record in session.scalars(query.where(model.id.in_(ids)))} if ids else {},
        {record.slug: record for record in session.scalars(query.where(model.slug.in_(slugs)))} if slugs else {},
        called,
    )


def _match(resource: Resource, draft: Draft, found: _Found) -> Any:
    """The record that the row is of; None for a new one, or where something is wrong with its name."""
    given, slug = draft.cells.get(ID, "").strip(), _text(draft, SLUG)
    if given:
        key = _uuid(given)
        record = found.by_id.get(key) if key else None
        if record is None:
            draft.refuse(ID, f"There is no {resource.singular} with this id.")
    elif slug:
        record = found.by_slug.get(slug)
    else:
        named = found.by_name.get(_text(draft, NAME), ())
        record = named[0] if len(named) == 1 else None
        if len(named) > 1:
            several = f"{len(named)} {resource.plural} have this name."
            draft.refuse(
                NAME, f"{several} Say which by its {_its_key(resource)}: {', '.join(_key_of(r) for r in named[:3])}."
            )
    if record is not None and record.is_archived:
        draft.refuse(ID if given else SLUG, f"“{record.name}” is archived. Restore it before you change it.")
    return record


def _its_key(resource: Resource) -> str:
    return "slug or id" if resource.has_slug else "id"


def _key_of(record: Any) -> str:
    return str(getattr(record, SLUG, record.id))


def _refuse_repeated(resource: Resource, drafts: Iterable[Draft]) -> None:
    """Of rows that are of the same record, the first stands."""
    first: dict[Any, int] = {}
    for draft in drafts:
        name, key = _identity(draft)
        if key is None:
            continue
        if earlier := first.get(key):
            draft.refuse(name, f"Row {earlier} is of the same {resource.singular} already.")
            draft.kind, draft.before, draft.after = RowKind.WRONG, {}, {}
        else:
            first[key] = draft.number


def _identity(draft: Draft) -> tuple[str, Any]:
    if draft.record is not None:
        return (ID if draft.cells.get(ID, "").strip() else SLUG if _text(draft, SLUG) else NAME), draft.record.id
    if slug := _text(draft, SLUG):
        return SLUG, slug
    name = _text(draft, NAME)
    return NAME, ("name", name) if name else None


def _text(draft: Draft, name: str) -> str:
    return unguard(draft.cells.get(name, "")).strip()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None
