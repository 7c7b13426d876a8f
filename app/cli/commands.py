"""The commands under `flask --app wsgi …`."""

from flask import Flask

from app.cli import accounts, audit, database, demo, embedded, keys, reference, skills, worker


def init_app(app: Flask) -> None:
    accounts.init_app(app)
    audit.init_app(app)
    database.init_app(app)
    demo.init_app(app)
    embedded.init_app(app)
    keys.init_app(app)
    reference.init_app(app)
    skills.init_app(app)
    worker.init_app(app)
