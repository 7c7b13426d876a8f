"""The staff pages of the catalogue, made from the resources' declarations."""

from flask import Flask

from app.catalog.resources import products, services, solutions
from app.crud import pages


def init_app(app: Flask) -> None:
    for resource in (products, solutions, services):
        app.register_blueprint(pages(resource))
