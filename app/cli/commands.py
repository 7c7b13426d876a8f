"""The commands under `flask --app wsgi …`."""

import click
from flask import Flask
from flask.cli import AppGroup

from app.cli import accounts, audit, database, demo, embedded, keys, reference, skills, system_contexts, worker
from app.core.domain import each
from app.core.tenancy import as_system


class Commands(AppGroup):
    """The portal's commands. Whichever is called works across companies."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        ctx.with_resource(as_system("a command is an operator's"))
        return super().get_command(ctx, name)


def init_app(app: Flask) -> None:
    app.cli = Commands(app.name, commands=app.cli.commands)
    accounts.init_app(app)
    audit.init_app(app)
    database.init_app(app)
    demo.init_app(app)
    embedded.init_app(app)
    keys.init_app(app)
    reference.init_app(app)
    skills.init_app(app)
    system_contexts.init_app(app)
    worker.init_app(app)
    for domain, module in each(lambda domain: domain.commands):
        domain.module(module).init_app(app)
