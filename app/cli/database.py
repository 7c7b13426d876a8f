"""`flask --app wsgi database-password`."""

import click
from flask import Flask, current_app

from app.core.database_login import database_login


def init_app(app: Flask) -> None:
    app.cli.add_command(database_password)


@click.command("database-password")
def database_password() -> None:
    """Print the password of the application's role, for an administrator who makes it where `db upgrade` may not.

    It follows from SECRET_KEY.
    """
    click.echo(database_login(current_app._get_current_object()).password)  # type: ignore[attr-defined]  # noqa: SLF001
