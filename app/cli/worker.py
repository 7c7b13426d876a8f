"""`flask --app wsgi worker`."""

import click
import psycopg
from flask import Flask, current_app

from app.core.poolers import SharedSessions, require_own_sessions
from app.jobs.worker import run_worker
from config import Settings


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)


@click.command()
def worker() -> None:
    """Run background jobs until it is stopped. Start as many of these as there is work for."""
    settings: Settings = current_app.config["SETTINGS"]
    if settings.database_url is not None:
        try:
            require_own_sessions(settings.database_url, settings.database_direct_url)
        except (SharedSessions, psycopg.OperationalError) as error:
            raise click.ClickException(str(error)) from None
    run_worker(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
