"""How a file is probably meant: its sheet, its heading, and the field of each column. A person may choose otherwise."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, pairwise
from typing import Any

from app.core.amounts import Ambiguous, currencies_of, read_amount
from app.core.changes.columns import ID, about_left_out, amounts_of, importable_fields, known_names, lacking, lists_of
from app.core.changes.files.headings import bare, fold, likeness
from app.core.changes.files.markup import has_markup
from app.core.changes.files.plan import GROUP, NOT_KNOWN, OPTION, STATE, Plan
from app.core.ids import as_uuid
from app.core.kinds import Filing, listing_of
from app.core.tables.heading import find_heading, first_rows, names_in
from app.core.tables.rows import Cell, Row, Table, is_empty, text_of

SAMPLES = 3
_HEADINGS_SHOWN = 12
_OURS = 1_000
_NAME_LENGTH = 120
_PARENTS = frozenset({"parent", "parent_sku"})
_KINDS = frozenset({"simple", "variable", "variation", "grouped", "external"})
"""What WooCommerce calls the types of its rows; they are no categories."""
_YES_OR_NO = frozenset({"yes", "no", "true", "false", "ja", "nein", "oui", "non", "0", "1"})
FLAGS = ("html", "commas")
UNSEEN = "unseen"
Recall = Callable[[Sequence[str]], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Look:
    """What a person needs to see of a file to say how it is to be read. `sure` says that there is nothing to ask."""

    names: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    top: tuple[tuple[int, str], ...]
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    grouped: bool = False
    remembered: bool = False
    sure: bool = False
    proposed: tuple[str, ...] = ()
    """Which of FLAGS the file itself suggests."""


@dataclass(frozen=True)
class _Column:
    """A column of the file, as far as the first rows show it."""

    at: int
    name: str
    cells: Sequence[Cell] = field(default_factory=tuple)

    @property
    def filled(self) -> list[Cell]:
        return [cell for cell in self.cells if not is_empty(cell)]


def offered(filing: Filing) -> list[str]:
    """What a column may hold: fields, and what says how rows belong together."""
    ways = [GROUP, OPTION] if amounts_of(filing.input) and "name" in filing.input.model_fields else []
    return [ID, *importable_fields(filing), *ways, *([STATE] if filing.kind.is_archivable else [])]


def propose(filing: Filing, table: Table, recall: Recall, chosen: Plan | None = None) -> tuple[Plan, Look]:
    """A plan for the file, and what to show of it. Of `chosen` the sheet and the heading count. Raises `Unreadable`."""
    ours = known_names(filing)
    knows = partial(_knows, filing, ours)
    fitting = _fitting_sheets(table, knows)
    if chosen is None and fitting:
        table = fitting[0]
    rows = first_rows(table)
    heading = _heading(rows, knows, chosen)
    names = names_in(heading)
    below = [row for row in rows if row.number > heading.number]
    columns = [_Column(at, name, [row.at(at) for row in below]) for at, name in enumerate(names)]
    plan, notes = _plan(filing, table, heading, columns)
    proposed = tuple(flag for flag in FLAGS if getattr(plan, flag))
    remembered = recall(names)
    if remembered is not None:
        plan = _as_before(plan, remembered, names)
    look = Look(
        names=names,
        samples=tuple(
            tuple(text_of(cell)[:120] for cell in islice(dict.fromkeys(column.filled), SAMPLES)) for column in columns
        ),
        top=tuple((row.number, " · ".join(text_of(c) for c in row.cells if not is_empty(c))[:120]) for row in rows)[
            :_HEADINGS_SHOWN
        ],
        sheets=tuple(table.sheets),
        notes=(*table.notes, *_about_sheets(table, rows, heading), *notes),
        grouped=_is_grouped(columns),
        remembered=remembered is not None,
        proposed=proposed,
    )
    certain = chosen is None and remembered is None and len(fitting or [table]) == 1
    return plan, replace(look, sure=certain and _is_sure(filing, plan, columns, ours))


def _heading(rows: Sequence[Row], knows: Callable[[str], bool], chosen: Plan | None) -> Row:
    """The row with the names of the columns; one before the first where the file has none."""
    found = find_heading(rows, knows)
    if chosen and chosen.heading != NOT_KNOWN:
        found = next((row for row in rows if row.number == chosen.heading), found)
    is_data = not any(knows(text_of(cell)) for cell in found.cells) and any(map(_is_number, found.cells))
    if (chosen.heading == 0) if chosen and chosen.heading != NOT_KNOWN else is_data:
        width = max(len(row.cells) for row in rows)
        return Row(0, ("",) * width)
    return found


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, int | float):
        return True
    return bool(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)*", cell.strip()))


def _knows(filing: Filing, ours: Mapping[str, str], name: str) -> bool:
    if fold(name) in ours or fold(bare(name)) in ours:
        return True
    return any(likeness(name, field) for field in offered(filing))


def _fitting_sheets(table: Table, knows: Callable[[str], bool]) -> list[Table]:
    """The sheets of a workbook that look like tables of such records, the likeliest first."""
    found = []
    for sheet in table.sheets.values():
        rows = first_rows(sheet)
        known = sum(map(knows, names_in(find_heading(rows, knows)))) if rows else 0
        if known > 1 or len(table.sheets) == 1:
            found.append((known, sheet))
    return [sheet for _, sheet in sorted(found, key=lambda pair: -pair[0])]


def _plan(filing: Filing, table: Table, heading: Row, columns: Sequence[_Column]) -> tuple[Plan, list[str]]:
    fields = _assign(filing, columns) if heading.number else by_shape(filing, [column.cells for column in columns])
    by_field = {name: at for at, name in fields.items()}
    notes = [_about(filing, column, fields) for column in columns if column.name and column.at not in fields]
    constants = {}
    price = next((at for name, at in by_field.items() if name in amounts_of(filing.input)), None)
    if price is not None and "currency" in filing.input.model_fields and "currency" not in by_field:
        named = currencies_of(columns[price].name)
        if len(named) == 1:
            constants["currency"] = next(iter(named))
    lists = [columns[at] for name, at in by_field.items() if name in lists_of(filing.input) - set(filing.editing.cells)]
    ours = known_names(filing)
    foreign = [column for column in columns if column.at in fields and fold(column.name) not in ours]
    plan = Plan(
        reading=table.reading,
        heading=heading.number,
        columns=fields,
        constants=constants,
        foreign=bool(foreign),
        html=bool(foreign) and any(has_markup(text_of(cell)) for c in columns if c.at in fields for cell in c.filled),
        commas=any(
            "," in text_of(cell) and "|" not in text_of(cell) for c in lists if c in foreign for cell in c.filled
        ),
    )
    return plan, [note for note in notes if note]


def _assign(filing: Filing, columns: Sequence[_Column]) -> dict[int, str]:
    """Each field goes to the column that names it best and whose cells fit it; each column has one field."""
    ours = known_names(filing)
    worth = []
    for column in columns:
        scores = ((_worth(filing, ours, column, name), -column.at, name) for name in offered(filing))
        worth += [found for found in scores if found[0]]
    fields: dict[int, str] = {}
    for _, at, name in sorted(worth, reverse=True):
        if -at not in fields and (name not in fields.values() or name in (OPTION, STATE)):
            fields[-at] = name
    for column in columns:
        joined = filing.rules.joined & set(fields.values()) if filing.rules else ()
        if column.at not in fields and (name := next((n for n in joined if likeness(column.name, f"{n}+")), "")):
            fields[column.at] = name
    _name_by_description(filing, columns, fields)
    grouped = GROUP in fields.values()
    return {at: name for at, name in sorted(fields.items()) if grouped or name != OPTION}


def _name_by_description(filing: Filing, columns: Sequence[_Column], fields: dict[int, str]) -> None:
    """Lists that have no column for the name say it in the description: there it is short, and each row's own."""
    at = next((at for at, name in fields.items() if name == "description"), None)
    if at is None or {"name", "slug", ID} & set(fields.values()) or "name" not in filing.input.model_fields:
        return
    texts = [text_of(cell).strip() for cell in columns[at].filled]
    short = sum(len(text) <= _NAME_LENGTH and "\n" not in text for text in texts)
    if texts and short * 10 >= len(texts) * 9 and len(set(texts)) * 10 >= len(texts) * 8:
        fields[at] = "name"


def _worth(filing: Filing, ours: Mapping[str, str], column: _Column, name: str) -> tuple[int, int] | None:
    fit = _fit(filing, column, name)
    if fit < 0:
        return None
    if ours.get(fold(column.name)) == name:
        return _OURS + 1, fit
    if ours.get(fold(bare(column.name))) == name:
        return _OURS, fit
    if column.name in {own.name for own in listing_of(filing.kind).spec.columns}:
        return None  # what our own export says of a record beyond its fields
    found = likeness(column.name, name)
    return (fit, found) if found and column.filled else None


def _fit(filing: Filing, column: _Column, name: str) -> int:
    """How well the cells fit a field: below 0 where they can't be meant."""
    filled = column.filled
    if name == ID:
        return 1 if not filled or any(as_uuid(text_of(cell).strip()) for cell in filled) else -1
    if name == GROUP:
        return 9 if _repeats(column) or fold(column.name) in _PARENTS else -1
    if name == "category" and filled and all(text_of(cell).split(",")[0] in _KINDS for cell in filled):
        return -1
    if name in (OPTION, STATE):
        return 1 if filled else -1
    if filing.rules and name in filing.rules.joined and filled and _YES_OR_NO.issuperset(map(_folded, filled)):
        return -1
    if name in amounts_of(filing.input) and filled:
        clear = sum(isinstance(c, int | float) or not isinstance(read_amount(c), Ambiguous) for c in filled)
        return 2 if clear * 2 >= len(filled) else 0
    return 1 if filled else 0


def _folded(cell: Cell) -> str:
    return text_of(cell).strip().casefold()


def _repeats(column: _Column) -> bool:
    texts = [text_of(cell).strip() for cell in column.cells]
    return any(a and a == b for a, b in pairwise(texts))


def _is_grouped(columns: Sequence[_Column]) -> bool:
    return any(
        likeness(column.name, GROUP) and (_repeats(column) or fold(column.name) in _PARENTS) for column in columns
    )


def _about(filing: Filing, column: _Column, fields: Mapping[int, str]) -> str:
    if fold(column.name) == ID and column.filled:
        return f"The column “{column.name}” was ignored: its values aren’t this portal’s IDs."
    twin = known_names(filing).get(fold(column.name))
    if twin and twin in fields.values():
        return f"The column “{column.name}” was ignored: another column is used for this field."
    return about_left_out(filing, column.name)


def _about_sheets(table: Table, rows: Sequence[Row], heading: Row) -> list[str]:
    notes = []
    others = [f"“{name}”" for name in table.sheets if name != table.reading.sheet]
    if others:
        notes.append(f"Only the sheet “{table.reading.sheet}” is imported, not {', '.join(others)}.")
    if not heading.number:
        notes.append("The file has no headings; all its rows are imported.")
    elif heading.number > rows[0].number:
        notes.append(f"The headings are in row {heading.number}; the rows above are ignored.")
    return notes


def _as_before(plan: Plan, remembered: Mapping[str, Any], names: Sequence[str]) -> Plan:
    """The plan with what was chosen for such a file before. What that file didn't show is as this one suggests: columns
    that were empty, HTML, handles that several rows have."""
    unseen = remembered.get(UNSEEN) or {"columns": (), "flags": ()}
    chosen = {name: value for name, value in remembered.items() if name != UNSEEN}
    before = Plan.load({**chosen, "reading": {"format": plan.reading.format}, "heading": plan.heading})
    columns = {at: name for at, name in before.columns.items() if at < len(names)}
    grouped = [at for at, name in columns.items() if name == "slug" and plan.columns.get(at) == GROUP]
    columns |= dict.fromkeys(grouped, GROUP)
    for at, name in plan.columns.items():
        is_new = at in unseen["columns"] or (grouped and name == OPTION)
        if is_new and at not in columns and (name in (OPTION, STATE) or name not in columns.values()):
            columns[at] = name
    flags = {flag: getattr(plan, flag) for flag in unseen["flags"]}
    return replace(
        before,
        reading=plan.reading,
        heading=plan.heading,
        foreign=plan.foreign,
        columns=dict(sorted(columns.items())),
        **flags,
    )


def _is_sure(filing: Filing, plan: Plan, columns: Sequence[_Column], ours: Mapping[str, str]) -> bool:
    """Whether the portal's own names are all that is needed to read the file."""
    found = set(plan.columns.values())
    called_ours = all(
        name in (ours.get(fold(columns[at].name)), ours.get(fold(bare(columns[at].name))))
        for at, name in plan.columns.items()
    )
    twice = [ours[fold(column.name)] for column in columns if fold(column.name) in ours]
    nameless = any(not column.name and column.filled for column in columns)
    return (
        called_ours
        and not nameless
        and len(twice) == len(set(twice))
        and bool(found - {ID})
        and not lacking(filing, found | set(plan.constants))
    )


_CENTS = re.compile(r"\D*\d[\d.,' ]*[.,]\d{2}\D*")
_MOSTLY = 0.8


def by_shape(filing: Filing, columns: Sequence[Sequence[Cell]]) -> dict[int, str]:
    """Fields by column: amounts have cents, names are texts that differ, categories are texts that come again."""
    texts = {at: [text_of(cell).strip() for cell in cells if not is_empty(cell)] for at, cells in enumerate(columns)}
    found: dict[int, str] = {}
    prices = [at for at, cells in texts.items() if _share(cells, _CENTS.fullmatch) >= _MOSTLY]
    words = {at: cells for at, cells in texts.items() if at not in prices and _share(cells, _is_wording) >= _MOSTLY}
    for amount in sorted(amounts_of(filing.input))[:1] if len(prices) == 1 else []:
        found[prices[0]] = amount
    if words and "name" in filing.input.model_fields:
        name = max(words, key=lambda at: (len(set(words[at])), sum(map(len, words[at]))))
        found[name] = "name"
        again = [at for at, cells in words.items() if at != name and len(set(cells)) < len(cells)]
        if again and "category" in filing.input.model_fields:
            found[again[0]] = "category"
    return found


def _share(cells: Sequence[str], is_such: Callable[[str], object]) -> float:
    return sum(bool(is_such(cell)) for cell in cells) / len(cells) if cells else 0.0


def _is_wording(text: str) -> bool:
    return sum(letter.isalpha() for letter in text) * 2 > len(text)
