"""Deliveries to webhooks: whose they are, whether they are signed as they should be, and the run that each begins.

A delivery costs one look by the hash of its token and one statement that writes the run and its work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.automations.errors import AutomationIsPaused
from app.automations.models import Run
from app.automations.operations import token_hash
from app.automations.runs.starting import NewRun, as_json, start_runs
from app.automations.triggers.loops import stop
from app.core.audit import NamedActor
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound, Unauthorized
from app.core.rls import rows_of
from app.core.sealing import opened
from app.extensions import db

SIGNATURE, TIMESTAMP = "X-Signature-256", "X-Timestamp"
MOST_OFF = timedelta(minutes=5)
"""How far a signed time may be from ours, either way."""
LONGEST_KEY = 255
SENDER = NamedActor("webhook")

_FIND = """
    select automation.id, automation.client_id, automation.version_number, automation.status, company.status,
           automation.signing_secret_sealed, automation.previous_secret_sealed, automation.previous_secret_until
      from automations automation
      join clients company on company.id = automation.client_id
     where automation.token_hash = %(hash)s and automation.trigger_type = 'webhook' and automation.archived_at is null
"""


class NoSuchHook(NotFound):
    says = "No webhook exists at this URL."


class WrongSignature(Unauthorized):
    """Nothing of the delivery is kept. It doesn't say what is wrong with a signature that is there."""

    says = (
        "The signature is missing or wrong. X-Signature-256 must be “sha256=” followed by the hexadecimal HMAC-SHA256 "
        "of the body, or of X-Timestamp, a full stop and the body. X-Timestamp may be at most 5 minutes off."
    )
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Signature header="X-Signature-256"'}


class CompanyIsSuspended(Conflict):
    says = "The company that owns this webhook is suspended."


@dataclass(frozen=True)
class Hook:
    """Where a delivery goes. Without secrets it needn’t be signed."""

    automation_id: UUID
    client_id: UUID
    version_number: int
    status: str
    company: str
    secrets: Sequence[str]

    @property
    def id(self) -> UUID:
        """The automation’s."""
        return self.automation_id

    def require_active(self) -> None:
        """Raises `AutomationIsPaused`, or `CompanyIsSuspended`."""
        if self.status != "active":
            raise AutomationIsPaused
        if self.company != "active":
            raise CompanyIsSuspended


def hook_of(token: str) -> Hook:
    """The webhook of that token. Raises `NoSuchHook`."""
    found = rows_of(db.session.connection(), _FIND, {"hash": token_hash(token)})
    if not found:
        raise NoSuchHook
    automation_id, client_id, number, status, company, newest, previous, previous_until = found[0]
    sealed = [newest] if newest else []
    if sealed and previous and previous_until and previous_until > now():
        sealed.append(previous)
    secrets = [secret for one in sealed if (secret := opened(one, "automation"))]
    return Hook(automation_id, client_id, number, status, company, secrets)


def require_signature(hook: Hook, body: bytes, *, signature: str | None, timestamp: str | None) -> None:
    """Raises `WrongSignature`, where the webhook wants signatures."""
    if not hook.secrets:
        return
    if timestamp is not None:
        if not _is_near(timestamp, now()):
            raise WrongSignature
        body = timestamp.encode() + b"." + body
    given = (signature or "").strip().lower().encode("utf-8", "replace")
    good = [b"sha256=" + digest(secret.encode(), body, "sha256").hex().encode() for secret in hook.secrets]
    if not any(compare_digest(given, one) for one in good):
        raise WrongSignature


def _is_near(timestamp: str, moment: datetime) -> bool:
    """Whether it is a number of seconds since 1970 that is about now."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(moment.timestamp() - int(timestamp)) <= MOST_OFF.total_seconds()


def accept(hook: Hook, given: Mapping[str, Any], key: str | None, *, depth: int = 0) -> tuple[UUID, bool]:
    """Begin the run of a delivery; its id, and whether it is new. With a key, the run of the first delivery with that
    key is the run of all of them, whatever they bring. Raises `Invalid` for what can't be kept."""
    delivery = None if key is None else _kept(key)
    run = NewRun(hook.automation_id, hook.client_id, hook.version_number, delivery, _text_of(given))
    if start_runs([run], trigger="webhook", actor=SENDER, depth=depth):
        return run.id, True
    query = select(Run.id).where(Run.automation_id == hook.automation_id, Run.delivery == delivery)
    return db.session.scalars(query).one(), False


def refuse_loop(hook: Hook, given: Mapping[str, Any], key: str | None) -> None:
    """Note that the delivery begins no run, since too many stand above it."""
    _text_of(given)
    stop([hook], trigger="webhook", delivery=None if key is None else _kept(key), given=given, actor=SENDER)


def _kept(key: str) -> str:
    """As what a run keeps the key of its delivery; a long one as its digest."""
    return f"hook:{key}" if len(key) <= LONGEST_KEY else f"hook-sha256:{sha256(key.encode()).hexdigest()}"


def _text_of(given: Mapping[str, Any]) -> str:
    try:
        text = as_json(given)
    except ValueError:
        raise Invalid("The body contains a number that is too large to store.") from None
    if "\\u0000" in text and _holds_null(given):
        raise Invalid("The delivery contains the character U+0000, which can’t be stored.")
    return text


def _holds_null(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_null, value))
        case dict():
            return any(_holds_null(key) or _holds_null(one) for key, one in value.items())
    return False
