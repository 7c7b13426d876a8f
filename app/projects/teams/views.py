"""The staff pages of teams."""

from flask import Flask

from app.projects.teams.resources import teams
from app.web.crud import pages

bp = pages(teams)


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
