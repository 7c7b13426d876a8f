"""The staff pages of the catalogue, made from the declarations of its kinds."""

from app.catalog.kinds import products, services, solutions
from app.crud import pages

blueprints = tuple(pages(kind) for kind in (products, solutions, services))
