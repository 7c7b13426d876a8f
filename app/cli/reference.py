"""Pages of the documentation that are made from the code: `flask --app wsgi settings-reference` is docs/settings.md,
out of `config.py`; `permissions-reference` is docs/permissions.md, out of the rules of who may do what;
`problems-reference` is docs/problems.md, out of the errors of every module."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from pydantic.fields import FieldInfo

from app.api.docs import problem_kinds
from app.auth.people import permission_matrix
from config import LATER, ROOT, Settings

_INTERNAL = ("FLASK_RUN_FROM_CLI", "PROMETHEUS_MULTIPROC_DIR")


@click.command("settings-reference")
def settings_reference() -> None:
    """Print the settings, as docs/settings.md has them."""
    click.echo(reference(), nl=False)


@click.command("permissions-reference")
@with_appcontext
def permissions_reference() -> None:
    """Print who may do what, as docs/permissions.md has it."""
    click.echo(permissions(current_app), nl=False)


@click.command("problems-reference")
def problems_reference() -> None:
    """Print the problems of the API, as docs/problems.md has them."""
    click.echo(problems(), nl=False)


def problems() -> str:
    """The page of what can go wrong, as Markdown."""
    for module in pkgutil.walk_packages([str(ROOT / "app")], "app."):
        import_module(module.name)
    rows = "".join(f"| `{code}` | {status} | {about} |\n" for code, status, about in problem_kinds())
    return (
        "# Problems\n\n"
        "What the `type` of a problem (RFC 9457) ends in, made by `flask --app wsgi problems-reference` from the "
        "errors in the code. A code is part of the API: programs compare it, so it is neither renamed nor given "
        "another status.\n\n"
        f"| code | status | when |\n| --- | --- | --- |\n{rows}"
    )


def permissions(app: Flask) -> str:
    """The page of who may do what, as Markdown."""
    head = (
        "| what | "
        + " | ".join(permission_matrix.ROLES)
        + " |\n| --- |"
        + " --- |" * len(permission_matrix.ROLES)
        + "\n"
    )
    table = "".join(
        f"| {row.resource} | {' | '.join(permission_matrix.MARKS[c] for c in row.cells)} |\n"
        for row in permission_matrix.rows()
    )
    roles = "".join(f"- **{role}**: {words}\n" for role, words in permission_matrix.ROLE_WORDS.items())
    standings = "".join(f"- **{title}**: {words}\n" for title, words in permission_matrix.STANDINGS)
    scopes = "".join(f"| `{name}` | {words} | {', '.join(who)} |\n" for name, words, who in permission_matrix.scopes())
    routes = "".join(
        f"| `{route.path}` | {route.methods} | {route.in_words} |\n" for route in permission_matrix.routes(app)
    )
    return (
        "# Who may do what\n\n"
        "Made by `flask --app wsgi permissions-reference` from what the domains announce, and from the audience "
        "that each view states. Staff see the same at `/admin/permissions`.\n\n"
        f"{head}{table}\n{roles}\n{standings}\n"
        "What belongs to another company is not there (404), whoever asks; see `architecture.md` for row-level "
        "security in the database.\n\n"
        f"## Scopes\n\n| scope | lets a program | means something for |\n| --- | --- | --- |\n{scopes}\n"
        f"## Addresses\n\n| address | method | for |\n| --- | --- | --- |\n{routes}"
    )


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
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value}`"
