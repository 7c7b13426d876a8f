"""What expressions see in a run, and keeping secrets out of what is kept."""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

from sqlalchemy import select

from app.automations.expressions.evaluation import Scope
from app.automations.models import Run, Secret
from app.automations.runs.engine import Definition, Ended
from app.extensions import db

MASK = "•••"
LARGEST_OUTPUT = 1 << 20
_ESCAPE = re.compile("%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")
SHORTEST_SECRET = 4
"""Shorter values are masked where a step uses them, but not looked for in texts: “1” is in most of them."""


def trigger_value(run: Run) -> dict[str, Any]:
    """`trigger` as expressions read it: the members of the input, and the whole input as `trigger.input`."""
    given = run.input or {}
    return {**given, "type": run.trigger, "input": given}


def scope_of(
    run: Run,
    definition: Definition,
    ended: Mapping[str, Ended],
    at: datetime,
    *,
    secrets: Mapping[str, str] | None = None,
    **more: Any,
) -> Scope:
    """What a step of the run sees, and `more`, such as the item of a loop. Without `secrets`, none are there."""
    about = {
        "id": str(run.id),
        "workflow_id": str(run.automation_id),
        "version": run.version_number,
        "started_at": run.started_at.isoformat().replace("+00:00", "Z") if run.started_at else None,
    }
    values: dict[str, Any] = {
        "trigger": trigger_value(run),
        "steps": definition.seen_by_expressions(ended),
        "run": about,
        **more,
    }
    if secrets is not None:
        values["secrets"] = secrets
    return Scope(values, at, definition.zone)


def secrets_of(client_id: UUID) -> dict[str, str]:
    """The secrets of a company, in clear."""
    query = select(Secret.name, Secret.value).where(Secret.client_id == client_id)
    return dict(db.session.execute(query).all())


def masked_names(secrets: Mapping[str, str]) -> dict[str, str]:
    """The same names, with values that may be kept."""
    return dict.fromkeys(secrets, MASK)


class Masking:
    """Replaces the values of secrets wherever they turn up, also in the spellings that URLs and headers give them."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {spelling for value in values if len(value) >= SHORTEST_SECRET for spelling in _spellings(value)}
        self._found = sorted(found, key=len, reverse=True)

    def __call__(self, value: Any) -> Any:
        if not self._found:
            return value
        match value:
            case str():
                for one in self._found:
                    if one in value:
                        value = value.replace(one, MASK)
                return value
            case list():
                return [self(item) for item in value]
            case dict():
                return {self(key): self(item) for key, item in value.items()}
        return value

    def cut(self, text: str) -> str:
        """A text that was cut at its end, masked, and without the beginning of a secret there."""
        text = self(text)
        for one in self._found:
            for length in range(len(one) - 1, SHORTEST_SECRET - 1, -1):
                if text.endswith(one[:length]):
                    text = text[:-length] + MASK
        return text


def _spellings(value: str) -> set[str]:
    raw = value.encode()
    quoted = (quote(value, safe=""), quote_plus(value), quote(value))
    found = {
        value,
        *quoted,
        *map(_with_small_escapes, quoted),
        *(json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)),
        html.escape(value),
        raw.hex(),
    }
    # In Base64 it looks different after one or two other bytes, as the password of a basic sign-in is.
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        core = coded[-(-before * 4 // 3) : (before + len(raw)) * 8 // 6]
        found |= {core, core.translate(_URL_SAFE)}
    return {one for one in found if len(one) >= SHORTEST_SECRET}


def _with_small_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: match[0].lower(), text)


def size_of(value: Any) -> int:
    """About how long the value is as JSON."""
    size, rest = 0, [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, dict):
            size += 16 * len(one)
            rest += one.values()
        elif isinstance(one, list):
            size += 4 * len(one)
            rest += one
    return size


def cut(output: Any) -> Any:
    """The output, or as much of it as may be kept, and that it was cut."""
    text = json.dumps(output, ensure_ascii=False, default=str)
    if len(text) <= LARGEST_OUTPUT:
        return output
    if isinstance(output, dict) and isinstance(body := output.get("body"), str):
        room = max(0, LARGEST_OUTPUT - (len(text) - len(body)))
        return {**output, "body": body[:room], "truncated": True}
    return {"text": text[:LARGEST_OUTPUT], "truncated": True}
