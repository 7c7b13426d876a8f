"""The staff pages of the catalogue, made from the resources' declarations."""

from app.catalog.resources import products, services, solutions
from app.crud import pages

blueprints = tuple(pages(kind) for kind in (products, solutions, services))
