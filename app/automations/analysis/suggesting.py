"""What is suggested for a process: a type for each step, and a workflow that can be deployed as it is.

Deployed unchanged, it does no harm: it begins when somebody starts it, its services have addresses that lead nowhere
(`.invalid`, RFC 2606), its messages go to `example.com`, and whatever stays with people is asked of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.automations.analysis.potential import StepPotential
from app.core.names import in_ascii

_WORDS: Mapping[str, str] = {
    "approval": r"approv|sign[ -]?off|authori[sz]|freigab|freigeb|genehmig|approuv|autoris",
    "sms": "sms|text message|textnachricht",
    "chat": "slack|discord|chat",
    "email": (
        r"e-?mails?\b|mails?\b|send|notif|remind|inform|answer|reply|respond|versend|verschick|benachrichtig|erinner|"
        r"beantwort|antwort|envoy|rappel|répon"
    ),
    "condition": ("check|compar|validat|verif|match|decid|prüf|pruef|vergleich|abgleich|vérif|contrôl"),
    "transform": r"calculat|comput|convert|sum\b|total|berechn|umrechn|calcul",
    "delay": r"wait\b|warte|attendre",
}
"""What the name of a step says of its type; the first that fits counts."""
_PATTERNS = {kind: re.compile(rf"\b(?:{words})", re.IGNORECASE) for kind, words in _WORDS.items()}
_INCOMING = re.compile(
    r"\b(?:open|read|receiv|collect|download|öffn|oeffn|les|empfang|abhol|ouvr|lire|recev)", re.IGNORECASE
)
"""A mail that is read isn't one that is sent."""
_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")
_BRACES = re.compile(r"\{(?=\{)")
LONGEST_ID, LONGEST_NAME = 32, 120
NOWHERE = "invalid"
DATA = "trigger.input"


@dataclass(frozen=True, slots=True)
class Suggested:
    """`types` has a type of step for each step, in their order."""

    types: tuple[str, ...]
    workflow: dict[str, Any]


def suggest(process: str, steps: Sequence[StepPotential]) -> Suggested:
    types = tuple(type_for(step) for step in steps)
    made: list[dict[str, Any]] = []
    for step, step_type in zip(steps, types, strict=True):
        made.append(_step(process, step, step_type, made))
    return Suggested(types, {"trigger": {"type": "manual"}, "steps": made})


def type_for(step: StepPotential) -> str:
    """The type of step that would do it. What takes judgement, or stays with people, is asked of a person."""
    facts = step.step
    if not step.is_automated or facts.rule_based is False:
        return "approval"
    if facts.structured_input is False:
        return "language_model"
    named = next((step_type for step_type, words in _PATTERNS.items() if words.search(facts.name)), None)
    if named == "email" and _INCOMING.search(facts.name):
        named = None
    if named in ("approval", "sms", "chat", "email"):
        return named
    if facts.systems and named is None:
        return "http"
    return named or "transform"


def _step(process: str, step: StepPotential, step_type: str, before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": _id_for(step.step.name, {one["id"] for one in before}),
        "type": step_type,
        "name": step.step.name[:LONGEST_NAME],
    }
    if before:
        made["needs"] = [before[-1]["id"]]
        if before[-1]["type"] == "condition":
            made["if"] = f"steps[{before[-1]['id']!r}].output.result"
    return made | _BODIES[step_type](process, step)


def _id_for(name: str, taken: set[str]) -> str:
    plain = _NOT_IN_IDS.sub("_", in_ascii(name).lower()).strip("_")[:LONGEST_ID].rstrip("_")
    base = plain if plain[:1].isalpha() else f"step_{plain}".rstrip("_")
    number, found = 1, base
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    return found


def _plain(text: str, length: int = 200) -> str:
    """A text of somebody's within a template: without what would begin an expression."""
    return _BRACES.sub("{ ", text)[:length]


def _host(name: str) -> str:
    return _NOT_IN_IDS.sub("-", in_ascii(name).lower()).strip("-")[:40].strip("-") or "system"


def _http(process: str, step: StepPotential) -> dict[str, Any]:
    system = step.step.systems[0] if step.step.systems else "system"
    return {
        "with": {
            "method": "POST",
            "url": f"https://{_host(system)}.{NOWHERE}/{_host(step.step.name)}",
            "json": {"input": f"{{{{ {DATA} }}}}"},
        },
        "retry": {"max_attempts": 3, "backoff_seconds": 2},
        "example": {"status": 200, "headers": {}, "body": {}},
    }


def _email(process: str, step: StepPotential) -> dict[str, Any]:
    subject = f"{_plain(process)}: {_plain(step.step.name)}"[:300]
    to = f"{{{{ default({DATA}.email, 'process-owner@example.com') }}}}"
    return {"with": {"to": to, "subject": subject, "text": f"{subject}\n\n{{{{ json({DATA}) }}}}"}}


def _sms(process: str, step: StepPotential) -> dict[str, Any]:
    return {"with": {"to": f"{{{{ default({DATA}.phone, '+15550100') }}}}", "text": _plain(step.step.name)}}


def _chat(process: str, step: StepPotential) -> dict[str, Any]:
    text = f"{_plain(process)}: {_plain(step.step.name)}"
    return {"with": {"url": f"https://chat.{NOWHERE}/{_host(step.step.name)}", "text": text}}


def _language_model(process: str, step: StepPotential) -> dict[str, Any]:
    return {
        "with": {
            "system": "You do one step of a business process. Answer with JSON.",
            "prompt": f"Process: {_plain(process)}\nStep: {_plain(step.step.name)}\nInput: {{{{ json({DATA}) }}}}",
            "json_schema": {"type": "object", "additionalProperties": True},
        },
        "retry": {"max_attempts": 3, "backoff_seconds": 2},
        "example": {"text": "{}", "json": {}, "tokens": 0, "cost": 0},
    }


def _approval(process: str, step: StepPotential) -> dict[str, Any]:
    todo = "decide on" if step.step.rule_based is False else "do"
    return {"with": {"ask": f"{_plain(process)}: please {todo} “{_plain(step.step.name)}”.", "of": "company"}}


_BODIES = {
    "http": _http,
    "email": _email,
    "sms": _sms,
    "chat": _chat,
    "language_model": _language_model,
    "approval": _approval,
    "condition": lambda _process, _step: {"with": {"if": f"{DATA}.accepted != false"}},
    "transform": lambda _process, _step: {"with": {"input": f"{{{{ {DATA} }}}}"}},
    "delay": lambda _process, _step: {"with": {"seconds": 60}},
}
