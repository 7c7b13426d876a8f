"""The fields of a form from its JSON Schema, the same that the API serves: a field for each member of a step's `with`.

Every field is a text, or several, that a browser sends without any script; `read` makes JSON of them again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic import BaseModel

from app.automations.definitions.types import INSIDE_LOOPS, STEP_TYPES
from app.automations.editor.json_text import MISSING, NotJson, from_text, to_text
from app.core.errors import FieldError
from app.core.validation import pointer

LONG = 1_000
"""A text that may be longer gets several lines."""
ROOM = 2
"""So many empty rows stand at the end of a list of names and values."""
Form = type[BaseModel]
Sent = Callable[[str], Sequence[str]]
"""All values that a form has of a name, in their order."""


@dataclass(frozen=True)
class Row:
    """A name and its value, in a member that has any names."""

    name: str
    text: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A member of a form. `name` is that of its control, `pointer` where it is in the form's JSON.

    Its kind is `line`, `prose`, `number`, `choice`, `flag`, `lines` (a text on each), `json` (any value), `pairs`
    (names with texts, or with any values), `expression`, `workflow` (one of the company's), or `step` (that of a loop,
    with fields of its own).
    """

    name: str
    pointer: str
    label: str
    kind: str
    help: str = ""
    is_required: bool = False
    has_texts: bool = False
    """Of pairs: whether their values are texts, whatever they look like."""
    options: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Further options of a choice, each group under its name."""
    text: str = ""
    rows: tuple[Row, ...] = ()
    fields: tuple["Field", ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return "f-" + self.name.replace("/", "-")

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.fields or any(row.name or row.text for row in self.rows))

    @property
    def wrong_rows(self) -> bool:
        return any(row.errors for row in self.rows)


def fields_of(
    form: Form | None,
    given: Any,
    at: str,
    *,
    only: Iterable[str] | None = None,
    expressions: Sequence[str] = (),
) -> list[Field]:
    """The fields of a form with the values that are there. `at` is where it stands, `with`. Without a form, it has
    whatever names one gives."""
    values = given if isinstance(given, Mapping) else {}
    if form is None:
        return [_filled(Field(at, f"/{at}", "Values", "pairs", "Names and their values."), values)]
    schema = _schema(form)
    required = schema.get("required", ())
    made = []
    for member, spec in _members(schema, only):
        kind, more = _kind_of(spec, member, member in expressions)
        one = Field(
            f"{at}/{member}".lstrip("/"), f"{f'/{at}' if at else ''}/{member}", str(spec["title"]), kind,
            str(spec.get("description", "")), member in required, **more,
        )  # fmt: skip
        made.append(_filled(one, _value_at(values, member, _MISSING)))
    return made


def label_of(form: Form | None, member: str) -> str:
    """What the field of a member is called, such as “Attempts”; members of parts have a slash between them."""
    titles = {} if form is None else {name: spec.get("title") for name, spec in _members(_schema(form), None)}
    return str(titles.get(member) or member.rpartition("/")[2].replace("_", " ").capitalize())


def read(fields: Iterable[Field], sent: Sent) -> tuple[dict[str, Any], list[FieldError]]:
    """The JSON of a form as it was sent, by the members' places below it, and what can't be read of it."""
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for one in fields:
        try:
            value = _read(one, sent, errors)
        except NotJson as error:
            message = f"Not valid JSON: {error} To enter it as text, put it in quotation marks."
            errors.append(FieldError(one.pointer, message, "not-json"))
            continue
        if value is not MISSING:
            values[one.name] = value
    return values, errors


def as_sent(fields: Iterable[Field], sent: Sent) -> list[Field]:
    """The fields as somebody filled them in, whether or not they can be read."""
    return [_as_sent(one, sent) for one in fields]


def with_errors(fields: Iterable[Field], problems: Iterable[FieldError], at: str) -> list[Field]:
    """The fields with what is wrong with them; `at` is the pointer of the form."""
    here = [replace(one, pointer=one.pointer[len(at) :]) for one in problems if one.pointer.startswith(f"{at}/")]
    return [_with_errors(one, here) for one in fields]


_MISSING = MISSING


@cache
def _schema(form: Form) -> dict[str, Any]:
    return form.model_json_schema(by_alias=True)


def _members(schema: Mapping[str, Any], only: Iterable[str] | None) -> list[tuple[str, dict[str, Any]]]:
    """Each member with its schema, members of a part as “retry/max_attempts”."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, spec in schema["properties"].items():
        part = schema.get("$defs", {}).get(spec.get("$ref", "").rpartition("/")[2])
        if part is not None and name != "step":
            found += [(f"{name}/{inner}", one) for inner, one in part["properties"].items()]
        elif spec.get("const") is None:
            found.append((name, spec))
    if only is None:
        return found
    by_name = dict(found)
    return [(name, by_name[name]) for name in only]


def _kind_of(spec: Mapping[str, Any], member: str, is_expression: bool) -> tuple[str, dict[str, Any]]:
    """The kind of the field of a member, and what belongs to that kind."""
    if is_expression or member == "if":
        return "expression", {}
    if member in ("step", "workflow_id"):
        return {"step": "step", "workflow_id": "workflow"}[member], {}
    branches = [one for one in spec.get("anyOf", [spec]) if one.get("pattern") != r"\{\{"]
    is_nullable = {"type": "null"} in branches
    branch: Mapping[str, Any] = next((one for one in branches if one.get("type") != "null"), {})
    match branch.get("type"):
        case "string" if "enum" in branch:
            labels = spec.get("x-enum-labels", {})
            return "choice", {"options": tuple((one, labels.get(one, one)) for one in branch["enum"])}
        case "string":
            return ("prose" if branch.get("maxLength", 0) > LONG and not _is_short(member) else "line"), {}
        case "integer" | "number":
            return "number", {}
        case "boolean":
            return "flag", {}
        case "object" if not is_nullable:
            return "pairs", {"has_texts": branch.get("additionalProperties") not in (True, {}, None)}
        case "array" if any(one.get("type") == "string" for one in branches):
            return "lines", {}
    return "json", {}


def _is_short(member: str) -> bool:
    """Members whose texts may hold an expression, and are otherwise of one line."""
    return member in ("url", "to", "subject", "model", "id", "kind", "action")


def _value_at(values: Mapping[str, Any], member: str, otherwise: Any) -> Any:
    here: Any = values
    for part in member.split("/"):
        if not isinstance(here, Mapping) or part not in here:
            return otherwise
        here = here[part]
    return here


def _filled(one: Field, value: Any) -> Field:
    """The field with a value; one that doesn't fit its kind is shown as JSON, so that nothing is lost."""
    if one.kind == "step":
        inner = value if isinstance(value, Mapping) else {}
        return replace(one, fields=tuple(inner_fields(one, inner)))
    if one.kind == "pairs":
        if value is _MISSING or value is None:
            value = {}
        if not isinstance(value, Mapping):
            return replace(one, kind="json", text=to_text(value))
        show = _plain if one.has_texts and all(isinstance(text, str) for text in value.values()) else to_text
        rows = [Row(str(name), show(text)) for name, text in value.items()]
        return replace(one, rows=(*rows, *(Row("", ""),) * ROOM))
    if value is _MISSING:
        return one
    if one.kind == "lines" and isinstance(value, list) and all(isinstance(line, str) for line in value):
        return replace(one, text="\n".join(value))
    if one.kind in ("line", "prose", "lines", "choice", "expression", "workflow") and isinstance(value, str):
        return replace(one, text=value, options=_with_option(one, value))
    if one.kind == "flag" and isinstance(value, bool):
        return replace(one, text="on" if value else "")
    if one.kind == "number" and value is None:
        return one
    return replace(one, kind=one.kind if one.kind == "number" else "json", text=to_text(value))


def _plain(value: Any) -> str:
    return str(value)


def _with_option(one: Field, value: str) -> tuple[tuple[str, str], ...]:
    if one.kind != "choice" or any(value == known for known, _ in one.options):
        return one.options
    return (*one.options, (value, value))


def inner_fields(loop: Field, inner: Mapping[str, Any]) -> list[Field]:
    """The fields of the step that a loop runs: its type, its condition, and those of its `with`."""
    step_type = str(inner.get("type") or "transform")
    options = tuple((name, STEP_TYPES[name].label) for name in STEP_TYPES if name in INSIDE_LOOPS)
    kind = Field(f"{loop.name}/type", f"{loop.pointer}/type", "Type", "choice", is_required=True, options=options)
    condition = Field(
        f"{loop.name}/if", f"{loop.pointer}/if", "Condition", "expression", "Can also use item and index."
    )
    fields = [_filled(kind, step_type), _filled(condition, inner.get("if", _MISSING))]
    known = STEP_TYPES.get(step_type)
    more = known.expressions if known else ()
    form = known.form if known else None
    return fields + fields_of(form, inner.get("with"), f"{loop.name}/with", expressions=more)


def _read(one: Field, sent: Sent, errors: list[FieldError]) -> Any:
    if one.kind == "step":
        return _read_inner(one, sent, errors)
    if one.kind == "pairs":
        return _read_pairs(one, sent, errors)
    text = (list(sent(one.name)) or [""])[0].replace("\r\n", "\n")
    match one.kind:
        case "flag":
            return bool(text)
        case "json":
            return from_text(text)
        case "number":
            return _number(text.strip())
        case "lines":
            lines = [line.strip() for line in text.split("\n") if line.strip()]
            return MISSING if not lines else lines[0] if len(lines) == 1 else lines
        case "prose":
            return text if text.strip() else MISSING
    return text.strip() or MISSING


def _number(text: str) -> Any:
    if not text:
        return MISSING
    try:
        return int(text)
    except ValueError:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return text
        return value if value - value == 0 else text


def _read_pairs(one: Field, sent: Sent, errors: list[FieldError]) -> Any:
    made: dict[str, Any] = {}
    names = [name.strip() for name in sent(f"{one.name}/name")]
    texts = [text.replace("\r\n", "\n") for text in sent(f"{one.name}/value")]
    for name, text in zip(names, texts, strict=False):
        if not name and not text.strip():
            continue
        if not name or name in made:
            message = f"“{name}” is used twice." if name else "Enter a name for this value."
            errors.append(FieldError(one.pointer, message, "bad-name"))
            continue
        try:
            value = text if one.has_texts else from_text(text)
        except NotJson as error:
            errors.append(FieldError(one.pointer + pointer((name,)), f"Not valid JSON: {error}", "not-json"))
            continue
        made[name] = "" if value is MISSING else value
    return made or MISSING


def _read_inner(one: Field, sent: Sent, errors: list[FieldError]) -> Any:
    step_type = (list(sent(f"{one.name}/type")) or [""])[0]
    was = next((f.text for f in one.fields if f.name == f"{one.name}/type"), "")
    if step_type != was:  # The fields that were sent are those of another type.
        return {"type": step_type}
    values, wrong = read(one.fields, sent)
    errors += wrong
    return nested(values, one.name)


def nested(values: Mapping[str, Any], at: str) -> dict[str, Any]:
    """What was read of fields below `at`, as one value: “with/url” is the member “url” of the member “with”."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        here = made
        *parts, last = name.removeprefix(f"{at}/" if at else "").split("/")
        for part in parts:
            here = here.setdefault(part, {})
        here[last] = value
    return made


def _as_sent(one: Field, sent: Sent) -> Field:
    if one.kind == "step":
        return replace(one, fields=tuple(as_sent(one.fields, sent)))
    if one.kind == "pairs":
        pairs = zip(sent(f"{one.name}/name"), sent(f"{one.name}/value"), strict=False)
        rows = [Row(name, text) for name, text in pairs if name or text]
        return replace(one, rows=(*rows, *(Row("", ""),) * ROOM))
    text = (list(sent(one.name)) or [""])[0]
    return replace(one, text=text, options=_with_option(one, text) if text else one.options)


def _with_errors(one: Field, problems: Sequence[FieldError]) -> Field:
    own = [p for p in problems if p.pointer == one.pointer or p.pointer.startswith(f"{one.pointer}/")]
    if one.kind == "step":
        below = tuple(_with_errors(inner, problems) for inner in one.fields)
        rest = () if any(inner.errors or inner.wrong_rows for inner in below) else _messages(own)
        return replace(one, fields=below, errors=rest)
    rows = tuple(_row_with_errors(one, row, own) for row in one.rows)
    said = {message for row in rows for message in row.errors}
    return replace(one, rows=rows, errors=tuple(message for message in _messages(own) if message not in said))


def _row_with_errors(one: Field, row: Row, problems: Sequence[FieldError]) -> Row:
    at = one.pointer + pointer((row.name,))
    mine = [p for p in problems if p.pointer == at or p.pointer.startswith(f"{at}/")]
    return replace(row, errors=_messages(mine)) if row.name else row


def _messages(problems: Iterable[FieldError]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.message for one in problems))
