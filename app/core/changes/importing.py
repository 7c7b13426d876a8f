"""Rows of a file turned into what they would do: make a record, change one, change nothing, or what is wrong with them.

A row is of the record that its `id` names, else its `slug`. With neither, it is of the one record on sale that has its
name; where there is none it is new, and where there are several it must say which it means. An empty cell leaves a
record's value as it is, or clears it where that was asked for, and gives a new record the default.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from app.core.cells import split_items, unguard
from app.core.changes.columns import ID, amounts_of, choices_of, days_of, lists_of, numbers_of, single_lines_of
from app.core.changes.files.lines import Line
from app.core.changes.files.plan import Marks, Plan
from app.core.changes.merge import canonical
from app.core.changes.models import ARCHIVED, ChangeRow, RowKind
from app.core.changes.money import CURRENCY, OtherCurrency, currency_of_row, has_currency
from app.core.changes.named import Found, find_records
from app.core.changes.numbers import Numbers
from app.core.changes.wording import packed
from app.core.chunks import chunked
from app.core.ids import as_uuid
from app.core.kinds import Filing, name_of
from app.core.names import name_key
from app.core.schemas import is_required, partial
from app.core.tables.delimited import UNREADABLE
from app.core.tables.rows import Cell, is_empty, text_of
from app.core.validation import field_errors

CHUNK = 1_000
SLUG, NAME = "slug", "name"
_BREAKS = re.compile(r"\s*[\r\n\t\v\f]\s*")
_NO_AMOUNT = frozenset({"amount", "decimal_parsing", "decimal_type", "finite_number"})


_NO_VALUE = re.compile(r"#[¡¿]?(?:N/[AD]|[НN]/[ДD]|NV|BRAK|[^\W\d_]+(?:/0)?[!?])", re.IGNORECASE)
_NO_FORMULA = "The file doesn't hold the value of this formula. Save it once in the spreadsheet, and import it again."


@dataclass
class Draft:
    """A row on its way: its cells by field, and what they come to. `problem` is one of the row as a whole; an
    `archived` record isn't to be on sale."""

    number: int
    cells: dict[str, Cell]
    problem: str = ""
    archived: bool = False
    kind: RowKind = RowKind.WRONG
    record: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    called: str = ""
    """What it is called, where that isn't its record's name."""

    @classmethod
    def of(cls, line: Line) -> "Draft":
        return cls(line.number, line.cells, line.problem, line.archived)

    def text(self, name: str) -> str:
        return unguard(text_of(self.cells.get(name, "")))

    def refuse(self, name: str, message: str) -> None:
        self.problems.append({"field": name, "value": text_of(self.cells.get(name, "")), "message": message})

    def note(self, name: str, message: str) -> None:
        """Tell something about a row that isn't wrong."""
        self.problems.append({"field": name, "message": message})

    def spoil(self, name: str, message: str) -> None:
        """Refuse a row that was right by itself; what was told of it doesn't matter then."""
        self.problems = []
        self.refuse(name, message)
        self.kind, self.before, self.after = RowKind.WRONG, {}, {}

    @property
    def label(self) -> str:
        return str(self.called or self.text(NAME) or getattr(self.record, "name", "") or self.text(SLUG))[:120]


def examiner_of(session: Session, filing: Filing, marks: Marks, plan: Plan) -> "Examiner":
    """What decides on rows of this kind."""
    examiner: type[Examiner] = filing.rules.examiner if filing.rules else Examiner
    return examiner(session, filing, marks, plan)


class Examiner:
    """Decides what rows do, as the plan for their file says, some at a time; it knows those that it has seen."""

    def __init__(self, session: Session, filing: Filing, marks: Marks, plan: Plan) -> None:
        self._session, self._filing, self._plan = session, filing, plan
        self._numbers = Numbers(filing, marks, plan.rounded)
        self._first: dict[Any, int] = {}
        self._spelt: dict[str, tuple[int, str]] = {}
        self.without_currency = 0
        """How many new rows have amounts that nobody said the currency of."""
        self.repeated = 0
        """How many rows have the name of an earlier one, and nothing else to tell them apart."""
        self.lacking: Counter[str] = Counter()
        """How many new rows lack nothing but such fields: no name and no number."""

    @property
    def too_fine(self) -> Mapping[str, tuple[int, str]]:
        """Fields with numbers that have more decimals than are kept: in how many rows, and one of them."""
        return self._numbers.too_fine

    def examine(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        for chunk in chunked(drafts, CHUNK):
            found = _find_records(self._session, self._filing, chunk)
            for draft in chunk:
                self._examine(draft, found)
                self._refuse_repeated(draft)
                self._name_twin(draft, found)
                self._note_currency(draft)
        return drafts

    def same_as(self, draft: Draft) -> ColumnElement[bool]:
        """Which rows of the change set are of the record that this row is of."""
        if draft.record is not None:
            return and_(ChangeRow.record_id == draft.record.id)
        if slug := draft.after.get(SLUG):
            return and_(ChangeRow.after[SLUG].astext == slug)
        return and_(ChangeRow.kind == RowKind.NEW, ChangeRow.label == draft.label)

    def refuse_repeated(self, draft: Draft, number: int) -> None:
        """Refuse a row that is of the same record as the row with this number."""
        draft.spoil(NAME, f"Row {number} is of the same {self._filing.kind.singular} already.")

    def _examine(self, draft: Draft, found: Found) -> None:
        if draft.problem:
            draft.refuse("", draft.problem)
            return
        draft.record = _match(self._filing, draft, found)
        if draft.record is None:
            self._complete(draft)
        values = read_cells(self._filing, draft, self._numbers)
        if self._plan.clear and draft.record is not None:
            values |= _cleared(self._filing, draft)
        known = _add_currency(self._filing, draft, values)
        if not known and self._plan.currency and draft.record is None:
            values[CURRENCY] = self._plan.currency
        missing = _decide(self._filing, draft, values, found)
        if len(missing) == len(draft.problems) and not missing & {NAME, *numbers_of(self._filing.input)}:
            self.lacking.update(missing)

    def _note_currency(self, draft: Draft) -> None:
        """Tell of a new row that nobody said what its amounts are in."""
        if draft.kind is RowKind.NEW and has_currency(self._filing) and CURRENCY not in draft.after:
            draft.note(CURRENCY, "Currency not known yet.")
            self.without_currency += 1

    def _complete(self, draft: Draft) -> None:
        """Fill the empty cells of a new record with what was said for all of them."""
        for name, text in self._plan.for_new.items():
            if is_empty(draft.cells.get(name, "")):
                draft.cells[name] = text

    def _name_twin(self, draft: Draft, found: Found) -> None:
        """Tell of a new row which record, or row before it, has nearly its name."""
        name = _text(draft, NAME)
        if draft.kind is not RowKind.NEW or _text(draft, SLUG):
            return
        if twin := found.twin_of(name):
            draft.note(NAME, f"There is “{name_of(twin)}” already. Is it the same?")
        number, spelling = self._spelt.setdefault(found.plain(name), (draft.number, name))
        if name_key(spelling) != name_key(name):
            draft.note(NAME, f"Row {number} is “{spelling}”. Is it the same?")

    def _refuse_repeated(self, draft: Draft) -> None:
        """Of rows that are of the same record, the first counts."""
        name, key = _identity(draft)
        if key is None:
            return
        if earlier := self._first.get(key):
            self.repeated += name == NAME
            draft.spoil(name, f"Row {earlier} is of the same {self._filing.kind.singular} already.")
        else:
            self._first[key] = draft.number


def _cleared(filing: Filing, draft: Draft) -> dict[str, Any]:
    """What the empty cells of a row make of its record: the values that a new record would have."""
    values = {}
    for name, cell in draft.cells.items():
        if not is_empty(cell) or name in (ID, SLUG):
            continue
        info = filing.input.model_fields[name]
        if is_required(info):
            draft.refuse(name, "This can't be empty.")
        else:
            values[name] = info.get_default(call_default_factory=True)
    return values


def _add_currency(filing: Filing, draft: Draft, values: dict[str, Any]) -> bool:
    """Put down the currency that the row says; whether it needs none or says one."""
    if not has_currency(filing):
        return True
    try:
        said = currency_of_row(filing, draft.cells, values.get(CURRENCY))
    except OtherCurrency as error:
        draft.refuse(error.field, str(error))
        return True
    if said:
        values[CURRENCY] = said
    return said is not None


def validated(filing: Filing, draft: Draft, values: Mapping[str, Any]) -> tuple[Any, set[str]]:
    """What the cells come to by the schema, None where any is refused; and the fields that the row lacks."""
    schema = filing.input if draft.record is None else partial(filing.input)
    missing: set[str] = set()
    try:
        valid = schema.model_validate(values)
    except ValidationError as error:
        missing = _refuse_wrong(filing, draft, error)
    return None if draft.problems else valid, missing


def _decide(filing: Filing, draft: Draft, values: Mapping[str, Any], found: Found) -> set[str]:
    """Put down what the row does; the fields that it lacks."""
    valid, missing = validated(filing, draft, values)
    if valid is None:
        return missing
    if draft.record is None:
        draft.kind, draft.after = RowKind.NEW, _packed(filing, valid.model_dump(exclude_unset=True))
        if draft.archived:
            draft.after[ARCHIVED] = True
    else:
        values = {name: getattr(valid, name) for name in valid.model_fields_set}
        if _identity(draft)[0] == NAME:
            # It was found by its name, so the name is what it is, however the file spells it.
            del values[NAME]
        _compare(filing, draft, values)
        owner = found.by_slug.get(draft.after.get(SLUG, ""))
        if owner is not None and owner is not draft.record:
            draft.spoil(SLUG, f"“{name_of(owner)}” has this slug.")
    return missing


def _refuse_wrong(filing: Filing, draft: Draft, error: ValidationError) -> set[str]:
    known = {problem["field"] for problem in draft.problems}
    missing = set()
    for wrong in field_errors(error):
        name = wrong.pointer.split("/")[1] if wrong.pointer else ""
        if name in known:
            continue
        no_amount = name in amounts_of(filing.input) and wrong.code in _NO_AMOUNT
        draft.refuse(name, "This is no amount. Write it as 1499.00 or 1.499,00." if no_amount else wrong.message)
        if wrong.code == "missing":
            missing.add(name)
    return missing


def _compare(filing: Filing, draft: Draft, values: Mapping[str, Any]) -> None:
    editing = filing.editing
    current = editing.values(draft.record)
    for name, value in values.items():
        if value != current[name] and canonical(editing, name, value) != canonical(editing, name, current[name]):
            draft.before[name], draft.after[name] = current[name], value
    draft.before, draft.after = _packed(filing, draft.before), _packed(filing, draft.after)
    if draft.archived and not draft.record.is_archived:
        draft.before[ARCHIVED], draft.after[ARCHIVED] = False, True
    if draft.after and draft.record.is_archived:
        draft.spoil(SLUG if draft.text(SLUG) else NAME, _is_archived(draft.record))
        return
    draft.kind = RowKind.CHANGED if draft.after else RowKind.UNCHANGED


def _packed(filing: Filing, fields: Mapping[str, Any]) -> dict[str, Any]:
    editing = filing.editing
    return {name: packed(editing, name, value) if name in editing.cells else value for name, value in fields.items()}


def read_cells(filing: Filing, draft: Draft, numbers: Numbers) -> dict[str, Any]:
    """The cells that hold something, as the schema takes them; those that can't be read are refused."""
    values: dict[str, Any] = {}
    for name, cell in draft.cells.items():
        if name == ID or is_empty(cell):
            continue
        try:
            values[name] = _value(filing, name, cell, numbers)
        except ValueError as error:
            draft.refuse(name, str(error))
    return values


def _value(filing: Filing, name: str, cell: Cell, numbers: Numbers) -> Any:
    """One cell as the schema takes it; raises ValueError, in words for people."""
    text = unguard(text_of(cell))
    _refuse_no_value(text)
    if name in numbers_of(filing.input):
        return numbers.read(name, text, is_text=isinstance(cell, str))
    if name in days_of(filing.input):
        return numbers.read_day(name, text)
    if name in filing.editing.cells:
        return filing.editing.cells[name].read(text)
    if name in lists_of(filing.input):
        return [item for line in text.splitlines() for item in split_items(line)]
    if name in single_lines_of(filing.input):
        text = _BREAKS.sub(" ", text)
    return choices_of(filing.input, name).get(text.strip().casefold(), text)


def _refuse_no_value(text: str) -> None:
    """What stands in a cell in place of its value."""
    if UNREADABLE in text:
        raise ValueError("This has a character that couldn't be read (�). Type it again.")
    if _NO_VALUE.fullmatch(text.strip()):
        raise ValueError(_NO_FORMULA if "FORMULA" in text else f"This is an error of the spreadsheet ({text.strip()}).")


def _find_records(session: Session, filing: Filing, drafts: Sequence[Draft]) -> Found:
    ids, slugs, names = set(), set(), set()
    for draft in drafts:
        key, slug, name = as_uuid(_text(draft, ID)), _text(draft, SLUG), _text(draft, NAME)
        if key:
            ids.add(key)
        if slug:
            slugs.add(slug)
        if name and not key and not slug:
            names.add(name)
    archived = {_text(draft, NAME) for draft in drafts if draft.archived} & names
    return find_records(session, filing.kind, ids, slugs, names, archived=archived)


def _match(filing: Filing, draft: Draft, found: Found) -> Any:
    """The record that the row is of; None for a new one, or where something is wrong with its name."""
    given, slug = _text(draft, ID), _text(draft, SLUG)
    if given:
        key = as_uuid(given)
        record = found.by_id.get(key) if key else None
        if record is None:
            draft.refuse(ID, f"There is no {filing.kind.singular} with this id.")
    elif slug:
        record = found.by_slug.get(slug)
    else:
        named = found.named(_text(draft, NAME)) or (found.archived(_text(draft, NAME)) if draft.archived else [])
        record = named[0] if len(named) == 1 else None
        if len(named) > 1:
            several = f"{len(named)} {filing.kind.plural} have this name."
            draft.refuse(
                NAME, f"{several} Say which by its {_its_key(filing)}: {', '.join(_key_of(r) for r in named[:3])}."
            )
    if record is not None and record.is_archived and not draft.archived:
        draft.refuse(ID if given else SLUG, _is_archived(record))
    return record


def _is_archived(record: Any) -> str:
    return f"“{name_of(record)}” is archived. Restore it before you change it."


def _its_key(filing: Filing) -> str:
    return "slug or id" if filing.kind.has_slug else "id"


def _key_of(record: Any) -> str:
    return str(getattr(record, SLUG, record.id))


def _identity(draft: Draft) -> tuple[str, Any]:
    if draft.record is not None:
        return (ID if _text(draft, ID) else SLUG if _text(draft, SLUG) else NAME), draft.record.id
    if slug := _text(draft, SLUG):
        return SLUG, slug
    name = name_key(_text(draft, NAME))
    return NAME, ("name", name) if name else None


def _text(draft: Draft, name: str) -> str:
    return draft.text(name).strip()
