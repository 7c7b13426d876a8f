"""`flask --app wsgi create-admin` and `remove-factors`."""

from typing import Any, cast

import click
from flask import current_app
from pydantic import TypeAdapter, ValidationError

from app.auth.accounts import operations as accounts
from app.auth.mfa import operations as mfa
from app.auth.passwords.hashing import password_hasher
from app.auth.schemas import Email, Username
from app.core.audit import SYSTEM, using_audit_context
from app.core.errors import DomainError
from app.core.permissions import Role
from app.extensions import db
from app.identity import queries as users
from config import Settings


@click.command("create-admin")
@click.option("--username", prompt="User name", help="What the administrator signs in with.")
@click.option("--email", prompt="E-mail address", help="The administrator's address, good for signing in as well.")
def create_admin(username: str, email: str) -> None:
    """Make an administrator. The password is asked for, or taken from the environment's ADMIN_PASSWORD."""
    username, email = _taken_as(Username, username, "--username"), _taken_as(Email, email, "--email")
    given = cast("Settings", current_app.config["SETTINGS"]).admin_password
    password = given or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with using_audit_context(via="cli"):
            accounts.create_user(
                username=username,
                email=email,
                password=password,
                role=Role.ADMIN,
                hashing=password_hasher(),
                actor=SYSTEM,
                email_is_confirmed=True,
            )
            db.session.commit()
    except DomainError as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{username} can sign in.")


@click.command("remove-factors")
@click.argument("name")
def remove_factors(name: str) -> None:
    """Take the authenticator app, the recovery codes and the passkeys from the user of that NAME or e-mail address.

    For somebody who has lost them all, once you know whom you have before you. The user is told, and signs in with the
    password alone from then on. Sign-ins that are open go on.
    """
    user = users.find_user(name.strip())
    if user is None:
        raise click.ClickException(f"There is no user “{name}”.")
    with using_audit_context(via="cli"):
        mfa.remove_factors(user, actor=SYSTEM)
        db.session.commit()
    click.echo(f"{user.username} has no second factor any more.")


def _taken_as(kind: Any, value: str, option: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value.strip()))
    except ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint=option) from None
