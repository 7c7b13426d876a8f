"""`flask --app wsgi load-skills`."""

import click
from flask import Flask

from app.assistants.skills.loading import load_skills as load
from app.core.audit import NamedActor, using_audit_context
from app.extensions import db

LOADER = NamedActor("load-skills")


def init_app(app: Flask) -> None:
    app.cli.add_command(load_skills)


@click.command("load-skills")
def load_skills() -> None:
    """Add the skills that come with the portal, as far as they were never there."""
    with using_audit_context(via="cli"):
        added = load(actor=LOADER)
        db.session.commit()
    click.echo(f"{added:,} skills added." if added else "All skills are there.")
