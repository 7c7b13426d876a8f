"""How a file is to be read, as a person says it: the form for it, and what came back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.changes import reading
from app.core.changes.columns import ID, choices_of, lacking
from app.core.changes.files.plan import GROUP, LOWEST, NOT_KNOWN, OPTION, OWN, STATE, Plan
from app.core.changes.files.proposal import offered
from app.core.changes.models import ChangeSet
from app.core.changes.money import CURRENCY
from app.core.changes.wording import label_of
from app.core.kinds import Filing, filing_of
from app.core.schemas import is_required
from app.core.tables.delimited import SEPARATORS
from app.core.tables.letters import ENCODINGS

_COLUMN, _VALUE = "column-", "value-"
_MANY = frozenset({OPTION, STATE})
_LONGEST = 200


@dataclass(frozen=True)
class Asked:
    """What the form shows: the plan as it is, and what is wrong with it by the name of the control."""

    plan: Plan
    errors: Mapping[str, str] = field(default_factory=dict)
    rereads: bool = False
    """Whether the file is to be read in another way than the one that the columns were chosen for."""


def read_form(filing: Filing, change_set: ChangeSet, form: Mapping[str, str]) -> Asked:
    """The plan that a form says, checked."""
    before, look = reading.plan_of(change_set), reading.look_of(change_set)
    known = set(offered(filing))
    columns = {at: name for at in range(len(look.names)) if (name := form.get(f"{_COLUMN}{at}", "")) in known}
    constants = {
        name: text for name in constants_of(filing) if (text := form.get(f"{_VALUE}{name}", "").strip()[:_LONGEST])
    }
    as_read, heading = _reading(before, form), _number(form.get("heading"), before.heading)
    if as_read != before.reading and heading == before.heading:
        heading = NOT_KNOWN
    plan = Plan(
        reading=as_read,
        heading=heading,
        columns=columns,
        constants=constants,
        currency=before.currency,
        rounded=before.rounded,
        clear=bool(form.get("clear_empty")),
        variants=form.get("variants", "") if form.get("variants") in (OWN, LOWEST) else "",
        foreign=before.foreign,
        html=bool(form.get("html")),
        commas=bool(form.get("commas")),
    )
    rereads = (as_read, heading) != (before.reading, before.heading)
    return Asked(plan, _errors(filing, plan), rereads)


def _reading(before: Plan, form: Mapping[str, str]) -> Any:
    chosen = {name: form.get(name) or getattr(before.reading, name) for name in ("encoding", "separator", "sheet")}
    return replace(before.reading, **chosen)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 8 else default


def _errors(filing: Filing, plan: Plan) -> dict[str, str]:
    errors = {}
    seen: dict[str, int] = {}
    for at, name in plan.columns.items():
        if name in seen and name not in _MANY and not (filing.rules and name in filing.rules.joined):
            errors[f"{_COLUMN}{at}"] = f"{caption(filing, name)} already has a column. Choose only one."
        seen.setdefault(name, at)
    found = set(plan.columns.values()) | set(plan.constants)
    for name in lacking(filing, found | ({"slug"} if GROUP in found and filing.kind.has_slug else set())):
        if name in constants_of(filing):
            errors[f"{_VALUE}{name}"] = (
                f"Choose a column for {label_of(filing.kind, name)}, or enter a value for all rows."
            )
        else:
            errors[f"{_COLUMN}0"] = f"Choose a column for {label_of(filing.kind, name)}."
    if not found - {ID}:
        errors[f"{_COLUMN}0"] = "Choose at least one column to import."
    currencies = _choices(filing, CURRENCY) if CURRENCY in plan.constants else []
    if currencies and plan.constants[CURRENCY] not in currencies:
        errors[f"{_VALUE}{CURRENCY}"] = (
            f"Prices can’t be kept in {plan.constants[CURRENCY]}, only in {', '.join(currencies)}. "
            "Convert them in the file first, or choose what they are in."
        )
    if GROUP in found and not plan.variants:
        errors["variants"] = "Choose how variants are imported."
    return errors


def constants_of(filing: Filing) -> list[str]:
    """The fields that may be the same in every row: those that a new record needs, and the currency."""
    fields = filing.input.model_fields
    return [name for name, info in fields.items() if (name != "name" and is_required(info)) or name == CURRENCY]


def caption(filing: Filing, name: str) -> str:
    """What a column may hold, in words."""
    said = {
        GROUP: "Variant group",
        OPTION: "Variant option",
        STATE: "On sale",
        ID: "ID",
    }
    return said.get(name) or label_of(filing.kind, name)


def context(change_set: ChangeSet, asked: Asked | None = None) -> dict[str, Any]:
    """What the form is made of."""
    filing = filing_of(change_set.resource_key)
    asked = asked or Asked(reading.plan_of(change_set))
    look, names = reading.look_of(change_set), constants_of(filing)
    return {
        "asked": asked,
        "look": look,
        "offered": [(name, caption(filing, name)) for name in offered(filing)],
        "constants": [(name, label_of(filing.kind, name), _offered(filing, name, asked.plan)) for name in names],
        "sheets": [(name, name) for name in look.sheets],
        "encodings": ENCODINGS,
        "separators": SEPARATORS,
    }


def _offered(filing: Filing, name: str, plan: Plan) -> list[str]:
    """The values to choose from, and that of the file's heading, be it one that isn't taken."""
    choices = _choices(filing, name)
    return list(dict.fromkeys([*choices, *filter(None, [plan.constants.get(name)])])) if choices else []


def _choices(filing: Filing, name: str) -> list[str]:
    return list(choices_of(filing.input, name).values())
