from flask import Flask

from app.core.kinds import COMPANY, STAFF
from app.crud import pages
from tests.reference.orders.resources import orders
from tests.reference.orders.steps import ORDER


def init_app(app: Flask) -> None:
    for audience in (STAFF, COMPANY):
        app.register_blueprint(pages(orders, audience, steps=ORDER))
