"""The commands under `flask --app wsgi …`."""

from flask import Flask

from app.cli import embedded, worker


def init_app(app: Flask) -> None:
    embedded.init_app(app)
    worker.init_app(app)
