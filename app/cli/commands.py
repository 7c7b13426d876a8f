"""The commands under `flask --app wsgi …`: the short ones, and where the others are."""

from typing import cast

import click
import psycopg
from flask import Flask, current_app
from flask.cli import AppGroup

from app.assistants.skills import loading
from app.cli import accounts, audit, embedded, migrations, reference, system_contexts
from app.core.audit import NamedActor, using_audit_context
from app.core.database_login import database_login
from app.core.domain import Seeding, each
from app.core.events import publishing_nothing
from app.core.poolers import SharedSessions, require_own_sessions
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.signing_keys import operations as signing_keys
from app.jobs.worker import run_worker
from config import Settings


class Commands(AppGroup):
    """The portal's commands. Whichever is called works across companies."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        ctx.with_resource(as_system("a command is an operator's"))
        return migrations.commands() if name == migrations.COMMAND else super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), migrations.COMMAND])


def init_app(app: Flask) -> None:
    app.cli = Commands(app.name, commands=app.cli.commands)
    pages = (
        reference.settings_reference,
        reference.permissions_reference,
        reference.problems_reference,
        system_contexts.write_contexts,
    )
    others = (accounts.create_admin, accounts.remove_factors, audit.audit, *pages)
    for command in (*others, database_password, keys, load_skills, seed_demo, worker):
        app.cli.add_command(command)
    embedded.init_app(app)
    for domain, module in each(lambda domain: domain.commands):
        domain.module(module).init_app(app)


@click.command("database-password")
def database_password() -> None:
    """Print the password of the application's role, for an administrator who makes it where `db upgrade` may not.

    It follows from SECRET_KEY.
    """
    click.echo(database_login(_app()).password)


@click.command("load-skills")
def load_skills() -> None:
    """Add the skills that come with the portal, as far as they were never there."""
    with using_audit_context(via="cli"):
        added = loading.load_skills(actor=NamedActor("load-skills"))
        db.session.commit()
    click.echo(f"{added:,} skills added." if added else "All skills are there.")


keys = AppGroup("keys", help="The keys that sign access tokens.")


@keys.command()
def rotate() -> None:
    """Sign with a new key from now on. Tokens of the old one stay good until they end, 15 minutes at most."""
    kid = signing_keys.rotate_keys()
    db.session.commit()
    click.echo(f"Access tokens are signed with the key {kid} from now on.")


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
    settings = _settings()
    if settings.is_production:
        raise click.ClickException("Demo data don't belong into production; APP_ENV is “production”.")
    seeding = Seeding(NamedActor("seed-demo"), settings, products, click.echo)
    steps = sorted(each(lambda domain: domain.demo), key=lambda found: found[1].at)
    # What happened long ago is news to nobody any more.
    with using_audit_context(via="cli"), publishing_nothing():
        for domain, step in steps:
            if work or not step.is_work:
                for _ in domain.named(step.step)(seeding):
                    db.session.commit()
                db.session.commit()


@click.command()
def worker() -> None:
    """Run background jobs until it is stopped. Start as many of these as there is work for."""
    settings = _settings()
    if settings.database_url is not None:
        try:
            require_own_sessions(settings.database_url, settings.database_direct_url)
        except (SharedSessions, psycopg.OperationalError) as error:
            raise click.ClickException(str(error)) from None
    run_worker(_app())


def _settings() -> Settings:
    return cast("Settings", current_app.config["SETTINGS"])


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001
