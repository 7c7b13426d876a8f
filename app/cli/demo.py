"""`flask --app wsgi seed-demo`."""

from typing import cast

import click
from flask import Flask, current_app

from app.core.audit import NamedActor, using_audit_context
from app.core.domain import Seeding, each
from app.core.events import publishing_nothing
from app.extensions import db
from config import Settings

SEEDER = NamedActor("seed-demo")


def init_app(app: Flask) -> None:
    app.cli.add_command(seed_demo)


@click.command("seed-demo")
@click.option(
    "--products",
    default=10_000,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many products there shall be.",
)
@click.option("--work/--no-work", default=True, help="Whether there shall be assistants, teams and projects too.")
def seed_demo(products: int, work: bool) -> None:
    """Add the demo's users, catalogue, assistants, teams and projects. What is there already stays as it is."""
    settings = cast("Settings", current_app.config["SETTINGS"])
    if settings.is_production:
        raise click.ClickException("Demo data don't belong into production; APP_ENV is “production”.")
    seeding = Seeding(SEEDER, settings, products, click.echo)
    steps = sorted(each(lambda domain: domain.demo), key=lambda found: found[1].at)
    # What happened long ago is news to nobody any more.
    with using_audit_context(via="cli"), publishing_nothing():
        for domain, step in steps:
            if work or not step.is_work:
                for _ in domain.named(step.step)(seeding):
                    db.session.commit()
                db.session.commit()
