"""`flask --app wsgi settings-reference`: the table of docs/settings.md, made from `config.py`."""

from collections.abc import Iterator
from typing import Any

import click
from flask import Flask
from pydantic.fields import FieldInfo

from config import LATER, ROOT, Settings

_INTERNAL = ("FLASK_RUN_FROM_CLI", "PROMETHEUS_MULTIPROC_DIR")


def init_app(app: Flask) -> None:
    app.cli.command("settings-reference")(print_reference)


def print_reference() -> None:
    """Print the settings, as docs/settings.md has them."""
    click.echo(reference(), nl=False)


def reference() -> str:
    """The page, as Markdown."""
    now, later = _table(later=False), _table(later=True)
    return (
        "# Settings\n\n"
        "Read from the environment at the start, by `config.py` alone. One that is malformed, or missing where it is "
        "needed, stops the start with one error that names them all.\n"
        "This page is made by `flask --app wsgi settings-reference`.\n\n"
        f"{now}\n"
        "## Of parts to come\n\n"
        "These are checked at the start like the others, and switch nothing on yet.\n\n"
        f"{later}"
    )


def _table(*, later: bool) -> str:
    return "| variable | default | meaning |\n| --- | --- | --- |\n" + "".join(
        f"| `{info.alias}` | {_default(info)} | {info.description} |\n" for info in _settings(later=later)
    )


def _settings(*, later: bool) -> Iterator[FieldInfo]:
    for info in Settings.model_fields.values():
        if info.alias not in _INTERNAL and (info.alias in LATER) is later:
            yield info


def _default(info: FieldInfo) -> str:
    value: Any = info.default
    if value in (None, "", ()):
        return ""
    if value == ROOT / "var":
        return "`var`"
    return f"`{value}`"
