"""Operators' commands of automations."""

import click
from flask import Flask

from app.automations.expressions.reference import page


def init_app(app: Flask) -> None:
    app.cli.add_command(expressions_reference)


@click.command("expressions-reference")
def expressions_reference() -> None:
    """Print the language of workflows, as docs/expressions.md has it."""
    click.echo(page(), nl=False)
