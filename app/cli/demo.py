"""`flask --app wsgi seed-demo`."""

import secrets
from pathlib import Path
from typing import cast

import click
from flask import Flask, current_app

from app.assistants import demo as assistants
from app.assistants.skills.loading import load_skills
from app.auth import demo as people
from app.auth.passwords.hashing import password_hasher
from app.catalog import demo as catalogue
from app.core import news
from app.core.audit import NamedActor, originating
from app.extensions import db
from app.projects import demo as projects
from config import Settings

FILE = "demo-credentials.txt"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


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
    with originating(via="cli"):
        load_skills(actor=SEEDER)
        db.session.commit()
        _seed_catalogue(products)
        _seed_people(settings)
        if work:
            _seed_work()


def _seed_catalogue(products: int) -> None:
    if products > catalogue.most_products():
        click.echo(f"The demo catalogue has {catalogue.most_products():,} products at most.")
    for step in (catalogue.add_products, catalogue.add_solutions, catalogue.add_services):
        for _ in step(actor=SEEDER):
            db.session.commit()
    for _ in catalogue.add_variants(products, actor=SEEDER):
        db.session.commit()


def _seed_people(settings: Settings) -> None:
    """Last come the people, and with them the manager's corrections: `make run` takes users for the sign that all is
    there."""
    if people.missing_users():
        password = settings.demo_password or _kept_password(settings.data_dir)
        people.add_users(password, hashing=password_hasher(), actor=SEEDER)
        db.session.commit()
        manager = people.find_manager()
        assert manager is not None
        for _ in catalogue.add_history(actor=manager):
            db.session.commit()
    elif settings.demo_password and people.set_password(
        settings.demo_password, hashing=password_hasher(), actor=SEEDER
    ):
        db.session.commit()
        click.echo("The demo users have the password in DEMO_PASSWORD from now on.")


def _seed_work() -> None:
    """What happened long ago is news to nobody any more."""
    with news.told.muted():
        for step in (
            assistants.add_assistants, projects.add_teams, assistants.add_engagements, projects.add_projects,
        ):  # fmt: skip
            for _ in step(actor=SEEDER):
                db.session.commit()


def _kept_password(data_dir: Path) -> str:
    """The password in the file in DATA_DIR; when there is none, one is made up, kept there and shown this once."""
    path = data_dir / FILE
    try:
        return path.read_text().splitlines()[0].removeprefix("Password: ")
    except (FileNotFoundError, IndexError):
        password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
    names = "\n".join(people.email_of(username) for username, _, _ in people.USERS)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(f"Password: {password}\nfor each of:\n{names}\n")
    except OSError as error:
        raise click.ClickException(
            f"{path} can't be written ({error.strerror}); set DATA_DIR or DEMO_PASSWORD."
        ) from None
    click.echo(f"The demo users' password is {password}\n(kept in {path})\n{names}")
    return password
