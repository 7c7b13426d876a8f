"""What happened, in words: an event of the audit log as a sentence about its actor."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from app.core.audit import AuditEntry
from app.core.changes.history import Change, FieldChange, PartChange
from app.core.changes.models import ChangeSet
from app.core.changes.naming import Names
from app.core.changes.wording import in_words, is_id, label_of
from app.core.steps import history_words

# What the actor did, by the action that the event is recorded under. Another action is told by its name.
_DID = {
    "code-used-twice": "sent a code that was used already",
    "end-session": "ended a sign-in",
    "export": "exported the audit log",
    "link-provider": "linked a sign-in provider",
    "passkey-added": "added a passkey",
    "passkey-copied": "was refused a passkey that may have been copied",
    "passkey-removed": "removed a passkey",
    "passkey-renamed": "renamed a passkey",
    "recovery-code-used": "used a recovery code",
    "recovery-codes-replaced": "made new recovery codes",
    "reset-second-factor": "reset the second factor",
    "see-as": "began to see the portal through a customer’s eyes",
    "send-reset": "had a link for a new password sent",
    "sign-in": "signed in",
    "sign-out": "signed out",
    "stop-seeing-as": "stopped seeing the portal through a customer’s eyes",
    "token-theft": "had a refresh token used a second time, so the sign-in was ended",
    "two-factor-off": "turned two-factor sign-in off",
    "two-factor-on": "turned two-factor sign-in on",
    "unlink-provider": "unlinked a sign-in provider",
}
# What the actor did to a record, for before its name.
_VERBS = {
    "accept-invitation": "took up the invitation of",
    "add-time-off": "kept days free for",
    "apply": "applied",
    "archive": "archived",
    "assign": "assigned",
    "bulk": "changed in bulk:",
    "change-email": "changed the address of",
    "change-password": "changed the password of",
    "change-role": "changed the role of",
    "confirm-email": "confirmed the address of",
    "create": "added",
    "delete": "deleted",
    "discard": "discarded",
    "draft-change": "drafted a change of",
    "grant": "gave access to",
    "import": "imported",
    "invite": "invited",
    "invite-again": "invited again",
    "limit": "limited",
    "log-time": "logged time on",
    "import-time": "imported time on",
    "merge": "merged",
    "migrate": "migrated",
    "move-dates": "moved dates of",
    "preview": "previewed",
    "reactivate": "reactivated",
    "register": "registered",
    "rehash-password": "renewed the password hash of",
    "remove": "removed",
    "remove-time-off": "took time off away from",
    "request": "asked for",
    "reset-password": "chose a new password for",
    "restore": "restored",
    "revoke": "revoked",
    "rotate": "replaced",
    "rotate-secret": "gave a new secret to",
    "set-password": "set the password of",
    "suspend": "suspended",
    "take-back-invitation": "took back the invitation of",
    "undo": "undid a change of",
    "update": "changed",
    "update-preferences": "changed the settings of",
}
# What the actor did to the record whose history it stands in; otherwise the verb, with “this” and what it is.
_DONE = {
    "bulk": "changed it in bulk",
    "create": "created it",
    "draft-change": "drafted a change order",
    "log-time": "logged time",
    "import-time": "imported time",
    "move-dates": "moved its dates",
    "undo": "undid a change",
}
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


def verb_of(action: str) -> str:
    """“suspended”, for between the actor's name and the record's. One that nobody has words for is told by its name."""
    return _VERBS.get(action) or _DID.get(action) or (_of_steps().get(action) or (_named(action),))[0]


def news_of_set(change_set: ChangeSet) -> tuple[str, str]:
    """What was done to what, of an import, a bulk change or an undo: “undid” and “Import of prices.csv”."""
    for prefix, verb in (("Undo: ", "undid"), ("Redo: ", "redid")):
        if change_set.title.startswith(prefix):
            return verb, change_set.title.removeprefix(prefix)
    return "applied", change_set.title


def done_of(action: str) -> str:
    """“put it on hold”, for after the actor's name in the record's own history."""
    return _DONE.get(action) or (_of_steps().get(action) or (f"{verb_of(action)} it",))[-1]


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
    if change.action not in _DID or any(each.before for each in change.fields):
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
    yield _DID.get(action, _named(action))
    if details.get("kind") == "api":
        yield "to the API"
    if methods := details.get("methods"):
        names = methods.split(", ") if isinstance(methods, str) else methods
        yield "by " + " and ".join(_METHODS.get(name, name) for name in names)
    if device := details.get("device"):
        yield f"with {device}"
    if address := details.get("address"):
        yield f"from {address}"
