"""The file of an import looked into, and read row by row."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace

from app.core.changes import importing, ways
from app.core.changes.files import remembered, store
from app.core.changes.files.lines import Line, Tally, lines_of
from app.core.changes.files.markup import told
from app.core.changes.files.plan import GROUP, OWN, Plan
from app.core.changes.files.proposal import Look, propose
from app.core.changes.importing import Draft, examiner_of
from app.core.changes.models import ChangeSet, State
from app.core.chunks import chunked
from app.core.kinds import Filing, filing_of
from app.core.sessions import AnySession, plain
from app.core.tables.opening import open_table
from app.core.tables.rows import MAX_ROWS, Reading, Table, Unreadable

NAMED = 12
"""So many of the columns that are left out are named on the preview."""
CHOSEN = "chosen"
"""Where a change set keeps the plan with which its file is to be looked into again."""


def is_unread(change_set: ChangeSet) -> bool:
    return "plan" not in change_set.params or CHOSEN in change_set.params


@contextmanager
def opened(session: AnySession, change_set: ChangeSet) -> Iterator[Table]:
    """The file of the change set, in the way that was chosen for it, if there is one. Raises `Unreadable`."""
    params = change_set.params
    given = params.get(CHOSEN) or params.get("plan")
    reading = Plan.load(given).reading if given else None
    with store.on_disk(plain(session), change_set.id) as path, open_table(path, reading) as table:
        yield table


def look_into(session: AnySession, change_set: ChangeSet, table: Table) -> None:
    """Find out what the file holds, and how it is probably meant. Where that isn't certain the change set asks
    (`State.ASKING`). Of a person's plan (`staging.look_again`) the sheet, the letters, the separator and the heading
    count."""
    session = plain(session)
    params = dict(change_set.params)
    chosen = Plan.load(params.pop(CHOSEN)) if CHOSEN in params else None
    filing = filing_of(change_set.resource_key)
    plan, look = propose(filing, table, lambda names: remembered.recall(session, filing.kind.key, names), chosen)
    table = table.sheets.get(plan.reading.sheet, table)
    rows = table.count(MAX_ROWS + 1)
    clear = bool(params.get("clear")) or plan.clear
    change_set.params = {
        **params, "plan": replace(plan, clear=clear).dump(), "look": asdict(look), "notes": list(look.notes),
    }  # fmt: skip
    change_set.rows_total = max(rows - 1, 0)
    change_set.state = State.PREPARING if look.sure else State.ASKING
    session.flush()


def plan_of(change_set: ChangeSet) -> Plan:
    """How its file is read; of one that a release before took in without a plan, as it stands."""
    if "plan" not in change_set.params:
        return Plan(Reading("csv"), 1, clear=bool(change_set.params.get("clear")))
    return Plan.load(change_set.params["plan"])


def look_of(change_set: ChangeSet) -> Look:
    return Look(**change_set.params["look"])


def drafts_of(session: AnySession, filing: Filing, change_set: ChangeSet, table: Table) -> Iterator[Draft]:
    """The rows of the file, examined, as the change set's plan says. When they are through, the change set knows what
    there is to be told about the file."""
    session, plan = plain(session), plan_of(change_set)
    table = table.sheets.get(plan.reading.sheet, table)
    corrections, tally = change_set.params.get("corrections", {}), Tally()
    lines = lines_of(filing, table, _without_the_rest(filing, plan), Tally())
    columns = ways.look_through(filing, _within_bounds(lines))
    marks, change_set.rows_total = {**plan.marks, **columns.marks}, columns.rows
    names = dict.fromkeys([*plan.fields.values(), *plan.constants, *(["slug"] if plan.variants else [])])
    change_set.params = {**change_set.params, "marks": marks, "columns": list(names)}
    look = look_of(change_set)
    width = len(look.names) if look.sure and not table.sheets else 0
    examiner = examiner_of(session, filing, marks, plan)
    for chunk in chunked(lines_of(filing, table, plan, tally, marks, width=width), importing.CHUNK):
        yield from examiner.examine([_corrected(Draft.of(line), corrections) for line in chunk])
    questions = {
        "marks": {name: example for name, example in columns.unclear.items() if name not in plan.marks},
        "currency": examiner.without_currency,
        "lacking": dict(examiner.lacking),
        "too_fine": {name: list(found) for name, found in examiner.too_fine.items()},
    }
    notes = [*_notes(change_set, plan), *_about(tally), *_about_repeated(filing, examiner.repeated)]
    change_set.params = {**change_set.params, "notes": notes, "questions": questions}


def _corrected(draft: Draft, corrections: Mapping[str, Mapping[str, str]]) -> Draft:
    """The row with what a person has put right in it."""
    draft.cells |= corrections.get(str(draft.number), {})
    return draft


def _without_the_rest(filing: Filing, plan: Plan) -> Plan:
    """As much of the plan as it takes to look through every row for how its amounts and days are written."""
    if plan.columns_of(GROUP):
        return replace(plan, variants=plan.variants and OWN)
    names = ways.fields_with_ways(filing)
    return replace(
        plan,
        columns={at: name for at, name in plan.columns.items() if name in names},
        constants={name: text for name, text in plan.constants.items() if name in names},
    )


def _within_bounds(lines: Iterator[Line]) -> Iterator[Line]:
    for count, line in enumerate(lines):
        if count == MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows. Split it into smaller files.")
        yield line


def _notes(change_set: ChangeSet, plan: Plan) -> list[str]:
    look = look_of(change_set)
    places = [at for at, name in enumerate(look.names) if name and at not in plan.columns]
    left_out = [look.names[at] for at in sorted(places, key=lambda at: not look.samples[at])]
    if look.sure or not left_out:
        return list(look.notes)
    quoted = ", ".join(f"“{name}”" for name in left_out[:NAMED])
    more = f" and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
    others = [note for note in look.notes if not note.startswith("The column ")]
    return [*others, f"Columns that aren’t imported: {quoted}{more}."]


def _about_repeated(filing: Filing, rows: int) -> list[str]:
    if not rows or not filing.kind.has_slug:
        return []
    repeat = "1 row has the name of an earlier one" if rows == 1 else f"{rows:,} rows have the name of an earlier one"
    return [f"{repeat}. If the file has article numbers, import their column as “Slug” to keep such rows apart."]


def _about(tally: Tally) -> list[str]:
    notes = []
    if tally.converted:
        dropped = told(tally.dropped)
        cells = "1 cell with HTML was" if tally.converted == 1 else f"{tally.converted:,} cells with HTML were"
        notes.append(f"{cells} converted to plain text.{f' Dropped: {dropped}.' if dropped else ''}")
    if tally.joined:
        variants = "1 variant was" if tally.joined == 1 else f"{tally.joined:,} variants were"
        notes.append(f"{variants} merged: the lowest price was used.")
    if tally.without_price:
        rows = "1 row was" if tally.without_price == 1 else f"{tally.without_price:,} rows were"
        notes.append(f"{rows} ignored for lack of a price; extra images of a product are such rows.")
    return notes
