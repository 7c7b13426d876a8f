"""`flask --app wsgi keys …`: the keys that sign access tokens."""

import click
from flask import Flask
from flask.cli import AppGroup

from app.extensions import db
from app.identity.signing_keys import operations

keys = AppGroup("keys", help="The keys that sign access tokens.")


def init_app(app: Flask) -> None:
    app.cli.add_command(keys)


@keys.command()
def rotate() -> None:
    """Sign with a new key from now on. Tokens of the old one stay good until they end, 15 minutes at most."""
    kid = operations.rotate_keys()
    db.session.commit()
    click.echo(f"Access tokens are signed with the key {kid} from now on.")
