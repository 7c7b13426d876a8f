"""One change to many records: archive, restore, set a field, move a price."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.amounts import Ambiguous, as_typed, currencies_of, read_amount
from app.core.audit import Actor
from app.core.changes.columns import amounts_of
from app.core.changes.models import ARCHIVED, ChangeKind, ChangeSet, RowKind
from app.core.changes.staging import Progress, finish_preview, new_change_set, put_rows
from app.core.changes.wording import in_words, label_of
from app.core.chunks import chunked
from app.core.errors import Invalid
from app.core.kinds import Filing, Kind, filing_of, listing_of
from app.core.lists import ListQuery, query_schema
from app.core.lists.conditions import conditions_of, search_of
from app.core.numbers import rounded
from app.core.schemas import partial
from app.core.sessions import AnySession, plain
from app.core.validation import field_errors

MAX_RECORDS = 100_000


class BadBulkChange(Invalid):
    """The bulk change makes no sense; `errors` says where."""


@dataclass(frozen=True)
class Action:
    """What to do with each record. `name` is `archive`, `restore`, `set` or `move`; a move adds a percentage or an
    amount.

    `percent` and `value` are decimals as text, so that the action can be kept as JSON.
    """

    name: str
    field: str | None = None
    value: Any = None
    percent: str | None = None
    currency: str | None = None
    """What the value is in, where it was typed with a currency."""

    def title(self, kind: Kind) -> str:
        what = label_of(kind, self.field).lower() if self.field else ""
        if self.name == "set":
            value = f"{in_words(self.value)} {self.currency or ''}".strip()
            return f"Set the {what} of {kind.plural} to “{value}”"
        if self.name == "move":
            by = f"{Decimal(self.percent):+f} %" if self.percent else f"{Decimal(self.value):+.2f}"
            return f"Change the {what} of {kind.plural} by {by}"
        return f"{self.name.capitalize()} {kind.plural}"


def read_action(kind: Kind, form: Mapping[str, str]) -> Action:
    """The action that a form asks for: `action` is `archive`, `restore`, or `set:FIELD` with the value in `value`, or
    `move:FIELD` with `percent` or `amount`. Raises `BadBulkChange`."""
    filing = filing_of(kind)
    name, _, field = form.get("action", "").partition(":")
    if name in ("archive", "restore") and not field:
        return Action(name)
    if field not in filing.bulk_fields or name not in ("set", "move"):
        raise _bad("action", "Choose what to do with the records.")
    if name == "set":
        return _set_to(filing, field, form.get("value", "").strip())
    if field not in amounts_of(filing.input):
        raise _bad("action", "Only an amount can be moved by percent.")
    return _move(field, form)


def _move(field: str, form: Mapping[str, str]) -> Action:
    percent, amount = form.get("percent", "").strip(), form.get("amount", "").strip()
    if bool(percent) == bool(amount):
        raise _bad("percent", "Give a percentage or an amount, such as 5 or -2.50.")
    name, given = ("percent", percent.removesuffix("%").strip()) if percent else ("amount", amount)
    if percent and currencies_of(percent):
        raise _bad("percent", "A percentage has no currency.")
    number = _signed(name, given)
    if not number.is_finite() or not number or abs(number) > 1_000_000:
        raise _bad(name, "Write a number other than 0, not beyond a million.")
    if percent and number < -100:
        raise _bad(name, "A price can't fall by more than 100 percent.")
    if percent:
        return Action("move", field, percent=str(number))
    return Action("move", field, value=str(number), currency=_currency(name, given))


def _signed(name: str, given: str) -> Decimal:
    read = read_amount(given)
    if isinstance(read, Ambiguous):
        raise _bad(name, read.question)
    try:
        return Decimal(read)
    except InvalidOperation:
        raise _bad(name, "Write a number such as 5, 2.5 or -10.") from None


def _set_to(filing: Filing, field: str, given: str) -> Action:
    is_amount = field in amounts_of(filing.input)
    try:
        patch = partial(filing.input).model_validate({field: as_typed(given) if is_amount else given})
    except ValidationError as error:
        raise _bad("value", field_errors(error)[0].message) from None
    value = patch.model_dump(mode="json", include={field})[field]
    return Action("set", field, value, currency=_currency("value", given) if is_amount else None)


def _currency(name: str, given: str) -> str | None:
    """The currency that an amount was typed with, if any."""
    named = sorted(currencies_of(given))
    if len(named) > 1:
        raise _bad(name, f"This says {' and '.join(named)}. Write one currency.")
    return named[0] if named else None


def _bad(field: str, message: str) -> BadBulkChange:
    return BadBulkChange(message, at=f"/{field}", wrong="bad-bulk-change")


def stage_bulk(
    session: AnySession,
    kind: Kind,
    action: Action,
    *,
    actor: Actor,
    ids: Sequence[UUID] = (),
    query: ListQuery | None = None,
) -> ChangeSet:
    """Take in a bulk change of the records with these ids, or of all that a list's query matches."""
    if not ids and query is None:
        raise _bad("ids", "Choose at least one record.")
    params = {
        "action": asdict(action),
        "ids": [str(key) for key in dict.fromkeys(ids)],
        "query": query.model_dump(mode="json", exclude_none=True) if query else None,
    }
    change_set = new_change_set(
        session, ChangeKind.BULK, filing_of(kind), action.title(kind), actor=actor, params=params
    )
    change_set.rows_total = len(params["ids"] or ())
    return change_set


def preview_bulk(session: AnySession, change_set: ChangeSet, progress: Progress = lambda *_: None) -> None:
    """Put down what the bulk change does to each record. Raises `BadBulkChange` when there are too many."""
    session = plain(session)
    filing = filing_of(change_set.resource_key)
    action = Action(**change_set.params["action"])
    ids = _selected(session, filing, change_set, MAX_RECORDS + 1)
    if len(ids) > MAX_RECORDS:
        raise _bad("ids", f"These are more than {MAX_RECORDS:,} records. Narrow the list first.")
    change_set.rows_total = len(ids)
    put_rows(session, change_set, _rows(session, filing, action, ids), progress)
    finish_preview(session, change_set)


def count_up_to(session: AnySession, kind: Kind, change_set: ChangeSet, limit: int) -> int:
    """How many records a bulk change is of, counted no further than `limit`."""
    return len(_selected(plain(session), filing_of(kind), change_set, limit))


def _selected(session: Session, filing: Filing, change_set: ChangeSet, limit: int) -> Sequence[UUID]:
    if change_set.params["query"] is None:
        return [UUID(key) for key in change_set.params["ids"]][:limit]
    spec, model = listing_of(filing.kind).spec, filing.kind.model
    query = query_schema(spec).model_validate(change_set.params["query"])
    search = search_of(session, spec, query)
    if search is not None and not search.terms:
        return []
    return session.scalars(select(model.id).where(*conditions_of(spec, query, search)).limit(limit)).all()


def _rows(session: Session, filing: Filing, action: Action, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    change = _CHANGES[action.name]
    number = 0
    for chunk in chunked(sorted(ids), 1_000):
        found = session.scalars(
            select(filing.kind.model).where(filing.kind.model.id.in_(chunk)).options(*filing.kind.load_options)
        )
        by_id = {record.id: record for record in found}
        for key in chunk:
            if key in by_id:
                number += 1
                yield _row(filing, number, by_id[key], change(filing, action, by_id[key]))


@dataclass(frozen=True)
class _Outcome:
    before: dict[str, Any]
    after: dict[str, Any]
    problem: str = ""


def _row(filing: Filing, number: int, record: Any, outcome: _Outcome) -> dict[str, Any]:
    wrong = [{"field": next(iter(outcome.after), ""), "message": outcome.problem}] if outcome.problem else []
    kind = RowKind.WRONG if wrong else RowKind.CHANGED if outcome.after else RowKind.UNCHANGED
    return {
        "number": number,
        "kind": kind,
        "table_name": filing.kind.table,
        "record_id": record.id,
        "base_version": record.version,
        "label": filing.kind.name_of(record),
        "cells": {},
        "before": outcome.before,
        "after": outcome.after,
        "problems": wrong,
    }


def _archive(_filing: Filing, _action: Action, record: Any) -> _Outcome:
    return _Outcome({}, {}) if record.is_archived else _Outcome({ARCHIVED: None}, {ARCHIVED: True})


def _restore(_filing: Filing, _action: Action, record: Any) -> _Outcome:
    return _Outcome({ARCHIVED: True}, {ARCHIVED: None}) if record.is_archived else _Outcome({}, {})


def _set(filing: Filing, action: Action, record: Any) -> _Outcome:
    return _write(filing, action, record, action.value)


def _move_amount(filing: Filing, action: Action, record: Any) -> _Outcome:
    field = action.field or ""
    current: Decimal = getattr(record, field)
    factor = 1 + Decimal(action.percent) / 100 if action.percent else Decimal(1)
    moved = current * factor + (Decimal(action.value) if action.value else 0)
    return _write(filing, action, record, rounded(moved))


def _write(filing: Filing, action: Action, record: Any, value: Any) -> _Outcome:
    field = action.field or ""
    current = getattr(record, field)
    if action.currency and action.currency != getattr(record, "currency", action.currency):
        problem = f"It is in {record.currency}, and the amount says {action.currency}."
        return _Outcome({field: current}, {field: value}, problem)
    try:
        valid = getattr(partial(filing.input).model_validate({field: value}), field)
    except ValidationError as error:
        return _Outcome({field: current}, {field: value}, field_errors(error)[0].message)
    if valid == current:
        return _Outcome({}, {})
    if record.is_archived:
        return _Outcome({field: current}, {field: valid}, "It is archived. Restore it before you change it.")
    return _Outcome({field: current}, {field: valid})


_CHANGES: Mapping[str, Callable[[Filing, Action, Any], _Outcome]] = {
    "archive": _archive,
    "restore": _restore,
    "set": _set,
    "move": _move_amount,
}
