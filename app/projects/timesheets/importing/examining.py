"""What a row of a time sheet does: log time, or nothing, since it is there already, or why it can't."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from app.core.changes.columns import ID
from app.core.changes.importing import CHUNK, Draft, Examiner, read_cells, validated
from app.core.changes.models import ChangeRow, RowKind
from app.core.changes.money import CURRENCY, OtherCurrency, currency_of_row
from app.core.chunks import chunked
from app.core.dates import day_in_words
from app.core.errors import Conflict, DomainError
from app.core.ids import as_uuid
from app.core.tables.rows import is_empty, text_of
from app.projects.timesheets.importing.entries import Key, entries_by_id, entries_on, key_of, key_of_entry
from app.projects.timesheets.importing.people import Known, People
from app.projects.timesheets.importing.work import Work, Works, WrongWork
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.operations import LONG_DAY, Place, places_of
from app.projects.timesheets.schemas import MINUTES_IN_A_DAY, SheetRow, clock_of, minutes_of

_PLAIN = re.compile(r"[0-9]{1,2}\.[0-9]+", re.ASCII)
_SAID_FOR_ALL = frozenset({"person", "project"})
"""Fields that rows may lack, and a person says once for all of them."""


@dataclass(frozen=True)
class _Worked:
    """A row that is understood: whose time it is, and for what."""

    person: Known
    work: Work
    row: SheetRow

    @property
    def minutes(self) -> int:
        return minutes_of(self.row.hours)

    @property
    def day(self) -> tuple[UUID, date]:
        return self.person.id, self.row.worked_on

    @property
    def key(self) -> Key:
        return key_of(self.person.id, self.work.project.id, self.row.worked_on, self.minutes, self.row.note)


class TimeExaminer(Examiner):
    """Decides on rows of time sheets. Rows are told apart by all that they say: of those that say the same, as many are
    there already as were logged, and each further one is refused as a probable duplicate."""

    def __init__(self, session: Session, *more: Any, **named: Any) -> None:
        super().__init__(session, *more, **named)
        self._people, self._works = People(session), Works(session)
        self._places: dict[tuple[UUID, UUID], Place | Conflict] = {}
        self._logged: dict[Key, list[TimeEntry]] = defaultdict(list)
        self._minutes: Counter[tuple[UUID, date]] = Counter()
        self._known_days: set[tuple[UUID, date]] = set()
        self._by_id: dict[UUID, TimeEntry] = {}
        self._taken: dict[UUID, int] = {}
        self._rows: dict[Key, int] = {}

    def examine(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        for chunk in chunked(drafts, CHUNK):
            read = [(draft, self._read(draft)) for draft in chunk]
            self._people.look_up(row.person for _, row in read if row)
            self._works.look_up(row.project for _, row in read if row)
            understood = [(draft, self._understand(draft, row)) for draft, row in read if row]
            worked = [(draft, found) for draft, found in understood if found]
            self._learn([found for _, found in worked], [draft for draft, _ in read])
            for draft, found in worked:
                self._decide(draft, found)
        return drafts

    def same_as(self, draft: Draft) -> ColumnElement[bool]:
        if draft.record is not None:
            return and_(ChangeRow.record_id == draft.record.id)
        same = (ChangeRow.after[name].astext == draft.after[name] for name in ("person", "project", "worked_on"))
        hours, note = ChangeRow.after["hours"].astext, ChangeRow.after["note"].astext
        return and_(*same, hours == draft.after["hours"], note == draft.after["note"])

    def refuse_repeated(self, draft: Draft, number: int) -> None:
        draft.spoil("note", f"Same as row {number}. If this is separate work, say so in the note.")

    def _read(self, draft: Draft) -> SheetRow | None:
        if draft.problem:
            draft.refuse("", draft.problem)
            return None
        self._read_hours(draft)
        draft.called = ", ".join(filter(None, (draft.text("person").strip(), draft.text("worked_on").strip())))
        if is_empty(draft.text(ID)):
            self._complete(draft)
        values = self._with_currency(draft, read_cells(self._filing, draft, self._numbers))
        row, missing = validated(self._filing, draft, values)
        if len(missing) == len(draft.problems) and missing <= _SAID_FOR_ALL:
            self.lacking.update(missing)
        found: SheetRow | None = row
        return found

    def _read_hours(self, draft: Draft) -> None:
        """Write hours that are a plain number as minutes, so that nobody is asked about their decimals: those of a
        workbook, and those of a column that tells which sign is the decimal mark."""
        cell = draft.cells.get("hours", "")
        text = text_of(cell) if not isinstance(cell, str) else self._numbers.read_other("hours", cell)
        if _PLAIN.fullmatch(text):
            draft.cells["hours"] = clock_of(round(Decimal(text) * 60))

    def _with_currency(self, draft: Draft, values: dict[str, Any]) -> dict[str, Any]:
        """The values with what the row says of the currency of its rate; without a rate it doesn't matter."""
        said = values.pop(CURRENCY, None)
        if "hourly_rate" not in values:
            return values
        try:
            code = currency_of_row(self._filing, draft.cells, said)
        except OtherCurrency as error:
            draft.refuse(error.field, str(error))
            return values
        return {**values, CURRENCY: code} if code else values

    def _understand(self, draft: Draft, row: SheetRow) -> _Worked | None:
        person = work = None
        try:
            person = self._people.of(row.person)
        except ValueError as error:
            draft.refuse("person", str(error))
        try:
            work = self._works.of(row.project, row.company)
        except WrongWork as error:
            draft.refuse(error.field, str(error))
        if person is None or work is None:
            return None
        draft.called = f"{person.name}, {day_in_words(row.worked_on)}"
        return _Worked(person, work, row)

    def _learn(self, worked: Sequence[_Worked], drafts: Sequence[Draft]) -> None:
        """Look up what is logged on the days of these rows, and what these people may log."""
        pairs = {(found.work.project, found.person.id) for found in worked}
        self._places |= places_of({pair for pair in pairs if (pair[0].id, pair[1]) not in self._places})
        ids = {key for draft in drafts if (key := as_uuid(draft.text(ID).strip()))}
        self._by_id |= entries_by_id(self._session, ids - self._by_id.keys())
        new = {found.day for found in worked} - self._known_days
        self._known_days |= new
        for entry in entries_on(self._session, new):
            self._logged[key_of_entry(entry)].append(entry)
            if entry.status != "rejected":
                self._minutes[entry.user_id, entry.worked_on] += entry.minutes

    def _decide(self, draft: Draft, found: _Worked) -> None:
        if given := draft.text(ID).strip():
            self._compare(draft, found, given)
            return
        key = found.key
        entry = next((entry for entry in self._logged[key] if entry.id not in self._taken), None)
        if entry is not None:
            self._is_there(draft, entry)
        elif number := self._rows.get(key):
            self.refuse_repeated(draft, number)
        else:
            self._log(draft, found)
        self._rows.setdefault(key, draft.number)

    def _compare(self, draft: Draft, found: _Worked, given: str) -> None:
        """A row that names its entry is that entry, which an import leaves as it is."""
        entry = self._by_id.get(key) if (key := as_uuid(given.strip())) else None
        if entry is None:
            draft.refuse(ID, "No time entry has this id.")
        elif number := self._taken.get(entry.id):
            draft.refuse(ID, f"Row {number} has the same id.")
        elif differs := _first_difference(entry, found):
            draft.refuse(differs, "The entry with this id has another value. Correct it in the time sheet instead.")
        else:
            self._is_there(draft, entry)

    def _is_there(self, draft: Draft, entry: TimeEntry) -> None:
        self._taken[entry.id] = draft.number
        draft.record, draft.kind = entry, RowKind.UNCHANGED
        draft.note("", f"Already logged ({entry.status}).")

    def _log(self, draft: Draft, found: _Worked) -> None:
        row, project = found.row, found.work.project
        place = self._places[project.id, found.person.id]
        if isinstance(place, Conflict):
            draft.refuse("project", place.message)
            return
        try:
            place.require_day(row.worked_on)
        except DomainError as error:
            draft.refuse("worked_on", error.message)
        has_rate = row.hourly_rate > 0
        if has_rate and CURRENCY in row.model_fields_set and row.currency != project.currency:
            draft.refuse("hourly_rate", f"The project’s currency is {project.currency}, not {row.currency}.")
        if self._minutes[found.day] + found.minutes > MINUTES_IN_A_DAY:
            draft.refuse("hours", LONG_DAY)
        if draft.problems:
            return
        self._minutes[found.day] += found.minutes
        draft.kind = RowKind.NEW
        draft.after = {
            "person": str(found.person.id),
            "worked_on": row.worked_on.isoformat(),
            "hours": clock_of(found.minutes),
            "project": str(project.id),
            "note": row.note,
            **({"hourly_rate": row.hourly_rate, CURRENCY: project.currency} if has_rate else {}),
        }


def _first_difference(entry: TimeEntry, found: _Worked) -> str:
    row = found.row
    pairs = {
        "person": (entry.user_id, found.person.id),
        "project": (entry.project_id, found.work.project.id),
        "worked_on": (entry.worked_on, row.worked_on),
        "hours": (entry.minutes, found.minutes),
        "note": (" ".join(entry.note.split()), " ".join(row.note.split())),
    }
    if "hourly_rate" in row.model_fields_set:
        pairs["hourly_rate"] = entry.hourly_rate, row.hourly_rate
    return next((name for name, (there, said) in pairs.items() if there != said), "")
