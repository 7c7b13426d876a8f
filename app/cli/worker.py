"""`flask --app wsgi worker`."""

import click
from flask import Flask, current_app

from app.jobs.worker import run_worker


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)


@click.command()
def worker() -> None:
    """Run background jobs until it is stopped. Start as many of these as there is work for."""
    run_worker(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
