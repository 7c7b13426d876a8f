"""The pages of the catalogue: tables and forms for staff, cards for customers."""

from app.catalog.kinds import products, services, solutions
from app.core.kinds import Kind
from app.core.sides import COMPANY
from app.crud import Presentation, pages
from app.web.guards import SIGNED_IN


def _cards(kind: Kind) -> Presentation:
    return Presentation(
        results="catalog/_results.html",
        show="catalog/show.html",
        loads=kind.load_options,
        usual={"limit": 24, "sort": "name"},
    )


blueprints = tuple(
    each
    for kind in (products, solutions, services)
    for each in (pages(kind), pages(kind, COMPANY, presentation=_cards(kind), readers=SIGNED_IN))
)
