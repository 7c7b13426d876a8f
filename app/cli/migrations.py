"""Flask-Migrate and its commands, `flask db …`, loaded when somebody migrates: no process that serves does."""

from functools import cached_property
from typing import Any

import click
from flask import Flask

from app.extensions import db
from config import ROOT

COMMAND = "db"


class Migrations:
    """What the package keeps about an application, made at the first use of it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)

    @cached_property
    def _kept(self) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415 - it loads Alembic

        bare = Flask(__name__)
        Migrate(bare, db, directory=str(ROOT / "migrations"))
        return bare.extensions["migrate"]


def init_app(app: Flask) -> None:
    app.extensions["migrate"] = Migrations()


def commands() -> click.Command:
    from flask_migrate.cli import db as commands  # noqa: PLC0415

    return commands  # type: ignore[no-any-return]
