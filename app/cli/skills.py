"""`flask --app wsgi load-skills`."""

from dataclasses import dataclass

import click
from flask import Flask

from app.assistants.skills.loading import load_skills as load
from app.core.audit import originating
from app.extensions import db


@dataclass(frozen=True)
class _Loader:
    id: None = None
    username: str = "load-skills"


LOADER = _Loader()


def init_app(app: Flask) -> None:
    app.cli.add_command(load_skills)


@click.command("load-skills")
def load_skills() -> None:
    """Add the skills that come with the portal, as far as they were never there."""
    with originating(via="cli"):
        added = load(actor=LOADER)
        db.session.commit()
    click.echo(f"{added:,} skills added." if added else "All skills are there.")
