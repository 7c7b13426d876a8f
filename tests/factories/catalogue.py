import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from app.catalog.models import Offering, Product, ServiceCategory, Solution, SolutionProduct
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now
from app.extensions import db

_numbers = count(1)


def _saved(record: Any) -> Any:
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(record)
    db.session.commit()
    return record


def _with_slug(values: dict[str, Any], *, archived: bool) -> dict[str, Any]:
    number = next(_numbers)
    named = re.sub(r"[^a-z0-9]+", "-", str(values.get("name", "")).lower()).strip("-")
    values.setdefault("slug", f"{named or 'item'}-{number}")
    if archived:
        values.setdefault("archived_at", now())
    return values


def make_product(*, archived: bool = False, **values: Any) -> Product:
    values = {"name": "Sales analytics", "category": "Analytics", "price": Decimal("1499.00")} | values
    product: Product = _saved(Product(**_with_slug(values, archived=archived)))
    return product


def make_solution(*, products: Sequence[Product] = (), archived: bool = False, **values: Any) -> Solution:
    values = {"name": "Retail suite", "industry": "Retail"} | values
    solution = Solution(**_with_slug(values, archived=archived))
    solution.product_links = [SolutionProduct(product=product, position=at) for at, product in enumerate(products)]
    saved: Solution = _saved(solution)
    return saved


def make_offering(**values: Any) -> Offering:
    """An offering that is in no category yet, to hand to `make_service_category`."""
    return Offering(**{"name": "Bookkeeping", "price_from": Decimal("35.00")} | values)


def make_service_category(
    *, offerings: Sequence[Offering] = (), archived: bool = False, **values: Any
) -> ServiceCategory:
    category = ServiceCategory(**_with_slug({"name": "Finance"} | values, archived=archived))
    for at, offering in enumerate(offerings):
        offering.position = at
    category.offerings = list(offerings)
    saved: ServiceCategory = _saved(category)
    return saved
