"""`flask --app wsgi create-admin`."""

from typing import Any, cast

import click
from flask import Flask, current_app
from pydantic import TypeAdapter, ValidationError

from app.auth import operations
from app.auth.identity import hashing
from app.auth.schemas import Email, Username
from app.core.audit import SYSTEM, originating
from app.core.errors import DomainError
from app.core.permissions import Role
from app.extensions import db
from config import Settings


def init_app(app: Flask) -> None:
    app.cli.add_command(create_admin)


@click.command("create-admin")
@click.option("--username", prompt="User name", help="What the administrator signs in with.")
@click.option("--email", prompt="E-mail address", help="The administrator's address, good for signing in as well.")
def create_admin(username: str, email: str) -> None:
    """Make an administrator. The password is asked for, or taken from the environment's ADMIN_PASSWORD."""
    username, email = _taken_as(Username, username, "--username"), _taken_as(Email, email, "--email")
    given = cast("Settings", current_app.config["SETTINGS"]).admin_password
    password = given or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with originating(via="cli"):
            operations.create_user(
                username=username,
                email=email,
                password=password,
                role=Role.ADMIN,
                hashing=hashing(),
                actor=SYSTEM,
                email_is_confirmed=True,
            )
            db.session.commit()
    except DomainError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{username} can sign in.")


def _taken_as(kind: Any, value: str, option: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value.strip()))
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint=option) from None
