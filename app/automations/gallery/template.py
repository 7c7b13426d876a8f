"""What a ready workflow is described by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Template:
    """A workflow with what it takes to run, and what it is worth. `needs_tables` has the columns of each data table;
    a rehearsal of `example_input` goes through all of it."""

    slug: str
    name: str
    summary: str
    category: str
    icon: str
    workflow: Mapping[str, Any]
    example_input: Mapping[str, Any]
    minutes_saved: int
    why: str
    """How the minutes that a run saves are estimated."""
    needs_secrets: Mapping[str, str] = field(default_factory=dict)
    """What each secret holds."""
    needs_tables: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)


def template_out(one: Template) -> dict[str, Any]:
    """The template as programs read it."""
    return {
        "slug": one.slug, "name": one.name, "summary": one.summary, "category": one.category, "workflow": one.workflow,
        "needs_secrets": list(one.needs_secrets),
        "needs_tables": [{"name": name, "columns": list(listed)} for name, listed in one.needs_tables.items()],
        "example_input": one.example_input, "minutes_saved": one.minutes_saved, "why": one.why,
    }  # fmt: skip


def columns(**types: str) -> tuple[dict[str, Any], ...]:
    """Columns by name; a type that ends in `!` is required."""
    return tuple({"name": name, "type": one.rstrip("!"), "required": one.endswith("!")} for name, one in types.items())


CHAT = {"CHAT_URL": "The URL of an incoming webhook in Slack or Discord."}
SENT = {"status": 200}
MAILED = {"message_id": "example", "to": ["you@example.com"]}


def row(action: str, table: str, key: str = "", **given: Any) -> dict[str, Any]:
    """The `with` of a step for a row."""
    keyed = {"key": key} if key else {}
    return {"kind": "row", "action": action, "table": table, **keyed, **given}


def chat(text: str) -> dict[str, Any]:
    return {"url": "{{ secrets.CHAT_URL }}", "text": text}
