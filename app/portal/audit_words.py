"""What happened, in words: an event of the audit log as a sentence about its actor."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from app.core.audit import AuditEntry
from app.core.changes.history import Change, FieldChange, PartChange
from app.core.changes.models import ChangeSet
from app.core.changes.naming import Names
from app.core.changes.wording import in_words, is_id, label_of
from app.core.domain import every
from app.core.steps import history_words

_METHODS = {
    "link": "a mailed link",
    "otp": "a one-time code",
    "passkey": "a passkey",
    "password": "a password",
    "provider": "a provider",
    "recovery-code": "a recovery code",
}
_SHORT = 48
_PERSON = "person"
_IN_SENTENCE = ("device", "address", "methods", "kind")


def _events() -> Mapping[str, str]:
    return every(lambda domain: domain.audit.events)


def _verbs() -> Mapping[str, str]:
    return every(lambda domain: domain.audit.verbs)


def verb_of(action: str) -> str:
    """“suspended”, for between the actor's name and the record's. One that nobody has words for is told by its name."""
    return _verbs().get(action) or _events().get(action) or (_of_steps().get(action) or (_named(action),))[0]


def news_of_set(change_set: ChangeSet) -> tuple[str, str]:
    """What was done to what, of an import, a bulk change or an undo: “undid” and “Import of prices.csv”."""
    for prefix, verb in (("Undo: ", "undid"), ("Redo: ", "redid")):
        if change_set.title.startswith(prefix):
            return verb, change_set.title.removeprefix(prefix)
    return "applied", change_set.title


def done_of(action: str) -> str:
    """“put it on hold”, for after the actor's name in the record's own history."""
    told = every(lambda domain: domain.audit.in_history).get(action) or _of_steps().get(action, ("", ""))[-1]
    return told or (_events().get(action) if action not in _verbs() else "") or f"{verb_of(action)} it"


@cache
def _of_steps() -> Mapping[str, tuple[str, str]]:
    """What declared steps say of themselves (`core/steps.py`)."""
    return {action: (did, done) for action, did, done in history_words()}


def _named(action: str) -> str:
    return action.replace("-", " ").replace("_", " ")


def sentence_of(event: AuditEntry) -> str:
    """“signed in by a password with Firefox on Windows from 203.0.113.7”, for after the actor's name."""
    return " ".join(_words(event.action, event.after or {}))


def people_in(event: AuditEntry) -> Iterator[tuple[str, str]]:
    """Whom its details name by id, to be looked up."""
    person = (event.after or {}).get(_PERSON)
    if isinstance(person, str) and is_id(person):
        yield "users", person


def details_of(event: AuditEntry, names: Names) -> list[FieldChange]:
    """What the sentence leaves out."""
    rest = {name: value for name, value in (event.after or {}).items() if name not in _IN_SENTENCE}
    for target, person in people_in(event):
        rest[_PERSON] = names.of(target, person)
    return [
        FieldChange(name, label_of(None, name), "", text) for name, value in rest.items() if (text := in_words(value))
    ]


def sentence_of_change(change: Change) -> str:
    """The same of an event that stands in a record's history; empty for a change of its fields."""
    if change.action not in _events() or any(each.before for each in change.fields):
        return ""
    return " ".join(_words(change.action, {each.name: each.after for each in change.fields}))


def fields_beside(change: Change, sentence: str) -> Sequence[FieldChange]:
    """The fields that are told apart from the sentence."""
    return [each for each in change.fields if each.name not in _IN_SENTENCE] if sentence else change.fields


def summary_of(fields: Sequence[FieldChange], parts: Sequence[PartChange]) -> str:
    """In a line, what changed: “Price: 390.00 → 420.00”, “Deliverable Survey, and 2 more”."""
    told = [_field_in_short(each) for each in fields] + [f"{each.kind.capitalize()} {each.label}" for each in parts]
    return told[0] + (f", and {len(told) - 1} more" if len(told) > 1 else "")


def _field_in_short(field: FieldChange) -> str:
    before, after = field.before, field.after or "empty"
    short = len(before) + len(after) <= _SHORT and "\n" not in before + after
    if not short:
        return field.label
    return f"{field.label}: {before} → {after}" if before else f"{field.label}: {after}"


def _words(action: str, details: Mapping[str, Any]) -> Iterator[str]:
    yield _events().get(action, _named(action))
    if details.get("kind") == "api":
        yield "to the API"
    if methods := details.get("methods"):
        names = methods.split(", ") if isinstance(methods, str) else methods
        yield "by " + " and ".join(_METHODS.get(name, name) for name in names)
    if device := details.get("device"):
        yield f"with {device}"
    if address := details.get("address"):
        yield f"from {address}"
