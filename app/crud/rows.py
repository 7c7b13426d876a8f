"""The rows of a list as HTML.

A page has hundreds of cells, and drawing them is most of what the page costs; here a cell takes a fifth of the time
that the macro `cell` of components/table.html takes, whose markup this is.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from functools import lru_cache
from html import escape
from typing import Any

from flask import current_app
from markupsafe import Markup

from app.core.changes.wording import CHOICES, choice_in_words
from app.core.lists import Column, ListSpec
from app.core.steps import Steps, steps_of
from app.crud.listed import Listed
from app.web.filters import day_tag, money, number, when
from app.web.icons import icon

Row = Any
Place = tuple[str, str]
Drawer = Callable[[Row, Place, dict[datetime, str]], str]
TAGS_SHOWN = 2


def draw_rows(listed: Listed, base: str, *, selectable: bool) -> Markup:
    """A <tr> for each row. The names lead to `base/ID`, with the way back; `selectable` rows begin with a checkbox of
    the name `ids`."""
    spec, tail = listed.spec, escape(listed.tail)
    drawers = _drawers(spec, listed.settled)
    name_at = next((at for at, column in enumerate(spec.columns) if column.kind == "link"), 0)
    times: dict[datetime, str] = {}
    drawn = []
    for row in listed.page.rows:
        cells = "".join([draw(row, (base, tail), times) for draw in drawers])
        drawn.append(f"<tr>{_checkbox(row, row[name_at]) if selectable else ''}{cells}</tr>")
    return Markup("\n".join(drawn))  # noqa: S704 - each drawer escapes what it writes


def _checkbox(row: Row, name: str) -> str:
    return (
        '<td class="cell-select"><input class="form-check-input" type="checkbox" name="ids" data-select-row '
        f'value="{row.id}" aria-label="Select {escape(name)}"></td>'
    )


@lru_cache(maxsize=64)
def _drawers(spec: ListSpec, settled: frozenset[str]) -> list[Drawer]:
    names = {column.name for column in spec.columns}
    shown = ((at, one) for at, one in enumerate(spec.columns) if one.shown and one.settled_by not in settled)
    return [_drawer(at, column, names, spec.model) for at, column in shown]


def _drawer(at: int, column: Column, names: Collection[str], model: Any) -> Drawer:
    if column.kind == "link":
        return _link(at, is_archivable="archived_at" in names, has_icon="icon" in names)
    kind = _kind_of(column)
    style, content = _CONTENTS.get(kind, ("", _text))
    if kind == "state" and (steps := steps_of(model.__tablename__, column.name)) is not None:
        content = _declared_state(steps)
    classes = f"{style} cell-wide".strip() if column.wide else style
    start = f'<td class="{classes}" data-label="{escape(column.label)}">'

    def draw(row: Row, _place: Place, times: dict[datetime, str]) -> str:
        value = row[at]
        return f"{start}</td>" if value is None else f"{start}{content(value, row, times)}</td>"

    return draw


def _kind_of(column: Column) -> str:
    """A column of the program's own words is drawn by their labels, and a state as states are."""
    if column.kind not in ("text", "badge") or column.name not in CHOICES:
        return column.kind
    return "state" if column.name == "status" else "choice"


def _link(at: int, *, is_archivable: bool, has_icon: bool) -> Drawer:
    def draw(row: Row, place: Place, _times: dict[datetime, str]) -> str:
        is_archived = is_archivable and row.archived_at is not None
        archived = ' <span class="badge badge-quiet">Archived</span>' if is_archived else ""
        shape = icon(row.icon, "record-icon") if has_icon else ""
        return (
            f'<th scope="row" class="cell-main"><a href="{place[0]}/{row.id}{place[1]}">{shape}'
            f'<span class="cell-name">{escape(row[at])}</span></a>{archived}</th>'
        )

    return draw


def _text(value: Any, _row: Row, _times: Any) -> str:
    return escape(str(value))


def _money(value: Any, row: Row, _times: Any) -> str:
    return escape(money(value, row.currency))


def _number(value: Any, _row: Row, _times: Any) -> str:
    return number(value)


def _time(value: datetime, _row: Row, times: dict[datetime, str]) -> str:
    """Rows that came in together have one time, which is written once."""
    if (known := times.get(value)) is None:
        known = times[value] = str(when(value))
    return known


def _tags(value: Sequence[str], _row: Row, _times: Any) -> str:
    shown = "".join([f'<span class="tag">{escape(tag)}</span>' for tag in value[:TAGS_SHOWN]])
    rest = value[TAGS_SHOWN:]
    return f'{shown}<span class="tag-more" title="{escape(", ".join(rest))}">+{len(rest)}</span>' if rest else shown


def _choice(value: Any, row: Row, times: Any) -> str:
    return _badge(choice_in_words(str(value)), row, times)


def _badge(value: Any, _row: Row, _times: Any) -> str:
    return f'<span class="badge badge-quiet">{escape(str(value))}</span>' if value != "" else ""


@lru_cache(maxsize=256)
def _state_drawn(value: str) -> str:
    return str(current_app.jinja_env.get_template("components/badge.html").module.state(value))  # type: ignore[attr-defined]


def _state(value: str, _row: Row, _times: Any) -> str:
    return _state_drawn(value)


def _declared_state(steps: Steps) -> Callable[[Any, Row, Any], str]:
    """States in the words of their declaration."""
    drawn: dict[str, str] = {}

    def draw(value: str, _row: Row, _times: Any) -> str:
        if value not in drawn:
            macros: Any = current_app.jinja_env.get_template("components/badge.html").module
            drawn[value] = str(macros.state_badge(steps.named(value)))
        return drawn[value]

    return draw


def _date(value: date, _row: Row, _times: Any) -> str:
    return str(day_tag(value))


def _percent(value: Any, _row: Row, _times: Any) -> str:
    return f"{number(value * 100, 0)} %"


def _icon(value: str, _row: Row, _times: Any) -> str:
    return str(icon(value, "record-icon"))


def _flag(value: bool, _row: Row, _times: Any) -> str:
    return str(icon("check", label="Yes")) if value else '<span class="visually-hidden">No</span>'


_CONTENTS: dict[str, tuple[str, Callable[[Any, Row, Any], str]]] = {
    "money": ("cell-number", _money),
    "number": ("cell-number", _number),
    "time": ("cell-time", _time),
    "date": ("cell-time", _date),
    "percent": ("cell-number", _percent),
    "tags": ("cell-tags", _tags),
    "badge": ("", _badge),
    "choice": ("", _choice),
    "state": ("", _state),
    "icon": ("cell-icon", _icon),
    "flag": ("", _flag),
}
