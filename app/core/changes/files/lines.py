"""Rows of a file as cells by field, as a plan says: what belongs to one record joined, HTML made text, lists split."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import partial

from app.core.amounts import Ambiguous, read_amount
from app.core.cells import join_items
from app.core.changes.columns import amounts_of, lists_of
from app.core.changes.files.markup import has_markup, text_in
from app.core.changes.files.plan import CURRENCY, GROUP, LOWEST, OPTION, STATE, Marks, Plan
from app.core.kinds import Filing
from app.core.records import slug_of
from app.core.tables.heading import below
from app.core.tables.rows import Cell, Row, Table, is_empty, text_of

_NOT_ON_SALE = frozenset(
    {
        *("false", "0", "-1", "no", "draft", "archived", "unpublished", "private", "inactive", "disabled", "pending"),
        *("nein", "falsch", "entwurf", "inaktiv", "deaktiviert", "archiviert", "non", "faux", "brouillon", "inactif"),
        *("désactivé", "desactive", "нет", "ложь", "черновик", "неактивен", "ні", "хибність", "чернетка", "неактивний"),
        *("не", "чернова", "nie", "fałsz", "szkic", "nieaktywny", "ne", "nepravda", "koncept", "neaktivní", "falso"),
        *("borrador", "inactivo", "desactivado", "bozza", "inattivo", "nee", "onwaar", "concept", "inactief", "não"),
        *("rascunho", "inativo"),
    }
)
SURPLUS = "The row has more cells than there are columns. Is a separator missing its quotation marks?"
_NO_OPTION = "Default Title"
_GROUP_ROWS = 2_000


@dataclass
class Line:
    """A row on its way to a record: its cells by field, and whether the file says that the record isn't on sale."""

    number: int
    cells: dict[str, Cell]
    problem: str = ""
    archived: bool = False


@dataclass
class Tally:
    """What was left out on the way, to be told."""

    dropped: Counter[str] = field(default_factory=Counter)
    converted: int = 0
    without_price: int = 0
    joined: int = 0


def lines_of(
    filing: Filing,
    table: Table,
    plan: Plan,
    tally: Tally,
    marks: Marks | None = None,
    *,
    width: int = 0,
) -> Iterator[Line]:
    """The rows below the heading. Where rows of a group are one record, `marks` tell which price is the lowest. A row
    with cells beyond `width` is wrong, if that is given."""
    reader = _Reader(filing, plan, tally, marks or {}, width)
    rows = below(table.rows(), plan.heading)
    if not plan.columns_of(GROUP):
        yield from map(reader.line, rows)
        return
    at = plan.columns_of(GROUP)[0]
    parents = _parents(reader, below(table.rows(), plan.heading), at)
    if parents is None:
        for group in _groups(rows, at):
            yield from reader.joined(group)
    else:
        yield from reader.under_parents(rows, at, parents)


@dataclass
class _Parent:
    """A row that others name as the one that they are variants of; `lowest` is the cells of their least price."""

    head: Line | None = None
    lowest: dict[str, Cell] = field(default_factory=dict)


def _parents(reader: "_Reader", rows: Iterable[Row], at: int) -> dict[str, _Parent] | None:
    """The rows that variants name, where they name them by an id or number of theirs, wherever in the file they are.
    None where every row has a handle instead, and those of one record follow each other."""
    parents: dict[str, _Parent] = {}
    some_empty = False
    for row in rows:
        key = text_of(row.at(at)).strip()
        some_empty = some_empty or not key
        if key:
            parent = parents.setdefault(key, _Parent())
            if some_empty:
                reader.lower(parent.lowest, reader.line(row))
    return parents if some_empty else None


def _groups(rows: Iterable[Row], at: int) -> Iterator[list[Row]]:
    """Rows that follow each other and have the same handle."""
    group: list[Row] = []
    for row in rows:
        if group and (len(group) == _GROUP_ROWS or text_of(row.at(at)).strip() != text_of(group[0].at(at)).strip()):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


class _Reader:
    def __init__(self, filing: Filing, plan: Plan, tally: Tally, marks: Marks, width: int) -> None:
        self._plan, self._tally, self._marks, self._width = plan, tally, marks, width
        self._fields = plan.fields
        self._states, self._options = plan.columns_of(STATE), plan.columns_of(OPTION)
        self._tidies = plan.foreign
        self._lists = lists_of(filing.input) - set(filing.editing.cells)
        self._amounts = amounts_of(filing.input)
        self._takes_slug = filing.kind.has_slug and "slug" not in self._fields.values()

    def line(self, row: Row) -> Line:
        cells: dict[str, Cell] = {}
        for at, name in self._fields.items():
            cell = self._cell(name, row.at(at))
            cells[name] = f"{text_of(cells[name])} {text_of(cell)}".strip() if name in cells else cell
        if (currency := self._plan.constants.get(CURRENCY)) and is_empty(cells.get(CURRENCY, "")):
            cells[CURRENCY] = currency
        problem = row.problem
        if not problem and self._width and any(not is_empty(cell) for cell in row.cells[self._width :]):
            problem = SURPLUS
        return Line(row.number, cells, problem, any(map(self._says_no, (row.at(at) for at in self._states))))

    def joined(self, rows: Sequence[Row]) -> Iterator[Line]:
        """The records of a group: one for each variant, or one with the lowest price."""
        head = self.line(rows[0])
        lines = [head, *(self._inherit(self.line(row), head) for row in rows[1:])]
        priced = [(row, line) for row, line in zip(rows, lines, strict=True) if self._has_price(row) or line.problem]
        if not priced:
            yield from self._named(rows[0], head, "")
            self._tally.without_price += len(rows) - 1
            return
        self._tally.without_price += len(rows) - len(priced)
        if self._plan.variants == LOWEST:
            yield from self._one(rows[0], head, [line for _, line in priced])
            return
        for row, line in priced:
            option = ", ".join(self._option_of(row)) if len(priced) > 1 else ""
            yield from self._named(rows[0], line, option, own_name=row is not rows[0] and self._own_name(row))

    def under_parents(self, rows: Iterable[Row], at: int, parents: dict[str, _Parent]) -> Iterator[Line]:
        """The records of a file whose variants name their parents."""
        for row in rows:
            line = self.line(row)
            if key := text_of(row.at(at)).strip():
                yield from self._under(line, row, parents[key])
                continue
            of_it = [parent for name in self._names_of(row) if (parent := parents.get(name))]
            for parent in of_it:
                parent.head = line
                self.lower(line.cells, Line(0, dict(parent.lowest)))
            if not of_it or self._plan.variants == LOWEST:
                yield line

    def _names_of(self, row: Row) -> set[str]:
        """What a variant may call its parent: by any cell of it, and WooCommerce by `id:44` for the first."""
        named = {text_of(cell).strip() for at, cell in enumerate(row.cells) if at not in self._states}
        return named | {f"id:{text_of(row.at(0)).strip()}"}

    def _under(self, line: Line, row: Row, parent: _Parent) -> Iterator[Line]:
        if parent.head is None:
            yield line
        elif self._plan.variants == LOWEST:
            self._tally.joined += 1
        else:
            line = self._inherit(line, parent.head)
            option = ", ".join(self._option_of(row))
            if option and not self._own_name(row):
                line.cells["name"] = f"{text_of(line.cells.get('name', ''))}, {option}"
            yield line

    def lower(self, lowest: dict[str, Cell], line: Line) -> None:
        """Keep the lower of two prices."""
        for name in self._amounts & line.cells.keys():
            found = [cell for cell in (lowest.get(name, ""), line.cells[name]) if not is_empty(cell)]
            if found:
                lowest[name] = min(found, key=partial(self._size, name))

    def _one(self, first: Row, head: Line, priced: Sequence[Line]) -> Iterator[Line]:
        cells = dict(head.cells)
        for name in self._amounts & cells.keys():
            cells[name] = min((line.cells[name] for line in priced), key=partial(self._size, name))
        problem = next((line.problem for line in priced if line.problem), head.problem)
        self._tally.joined += len(priced) - 1
        yield from self._named(first, replace(head, cells=cells, problem=problem), "")

    def _named(self, first: Row, line: Line, option: str, *, own_name: bool = False) -> Iterator[Line]:
        cells = dict(line.cells)
        if option and not own_name:
            cells["name"] = f"{text_of(cells.get('name', ''))}, {option}"
        handle = text_of(first.at(self._plan.columns_of(GROUP)[0])).strip()
        if self._takes_slug and handle:
            cells["slug"] = slug_of(f"{handle} {option}") if option else slug_of(handle)
        yield replace(line, cells=cells)

    def _inherit(self, line: Line, head: Line) -> Line:
        cells = {
            name: head.cells[name] if is_empty(cell) and name not in self._amounts else cell
            for name, cell in line.cells.items()
        }
        return replace(line, cells=cells, archived=line.archived or head.archived)

    def _has_price(self, row: Row) -> bool:
        amounts = [at for at, name in self._fields.items() if name in self._amounts]
        return any(not is_empty(row.at(at)) for at in amounts)

    def _own_name(self, row: Row) -> bool:
        return any(not is_empty(row.at(at)) for at, name in self._fields.items() if name == "name")

    def _option_of(self, row: Row) -> list[str]:
        texts = (text_of(row.at(at)).strip() for at in self._options)
        return [text for text in texts if text and text != _NO_OPTION]

    def _size(self, name: str, cell: Cell) -> Decimal:
        """The amount for comparing. One that can't be read comes first, so that it is asked about."""
        if is_empty(cell):
            return Decimal("Infinity")
        mark = self._marks.get(name)
        amount = read_amount(cell, mark if mark in (",", ".") else None) if isinstance(cell, str) else text_of(cell)
        try:
            return Decimal("-Infinity") if isinstance(amount, Ambiguous) else Decimal(amount)
        except InvalidOperation:
            return Decimal("-Infinity")

    def _cell(self, name: str, cell: Cell) -> Cell:
        if not isinstance(cell, str):
            return cell
        if name == "slug":
            return slug_of(cell) if cell.strip() and self._tidies else cell.lower()
        if self._plan.html and has_markup(cell):
            self._tally.converted += 1
            cell = text_in(cell, self._tally.dropped)
        if self._plan.commas and name in self._lists and "|" not in cell:
            return join_items([item.strip() for item in re.split(r"[,;]", cell) if item.strip()])
        return cell

    def _says_no(self, cell: Cell) -> bool:
        return text_of(cell).strip().casefold() in _NOT_ON_SALE
