from app.core.sides import COMPANY, STAFF
from app.crud import pages
from tests.reference.orders.kinds import orders
from tests.reference.orders.steps import ORDER

blueprints = tuple(pages(orders, audience, steps=ORDER) for audience in (STAFF, COMPANY))
