"""Whatever changes the catalogue. Callers load the record for update, check the permission, and commit."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from app.catalog.models import Offering, Product, ServiceCategory, Solution, SolutionProduct
from app.catalog.schemas import OfferingInput, ProductInput, ServiceCategoryInput, SolutionInput
from app.core import records
from app.core.audit import Actor, audit_as
from app.core.errors import FieldError, Invalid
from app.core.parts import reconcile
from app.extensions import db

R = TypeVar("R", Product, Solution, ServiceCategory)


class UnknownProducts(Invalid):
    """A solution names products that aren't there, twice, or off sale."""

    code = "unknown-product"


class UnknownOffering(Invalid):
    """An offering's id is not one of this service category's."""

    says = "This service category has no such offering."


def create_product(values: ProductInput, *, actor: Actor) -> Product:
    """Put a product on sale. Without a slug it gets one made from its name."""
    return create_products([values], actor=actor)[0]


def create_products(many: Sequence[ProductInput], *, actor: Actor) -> list[Product]:
    """Put products on sale, in few statements; the answer is in the order of `many`."""
    audit_as(db.session, actor=actor, action="create")
    return records.insert_records(Product, [values.model_dump() for values in many])


def update_product(product: Product, changes: Mapping[str, Any], *, actor: Actor) -> Product:
    audit_as(db.session, actor=actor, action="update")
    records.apply_changes(product, changes)
    db.session.flush()
    return product


def update_products(changed: Sequence[tuple[Product, Mapping[str, Any]]], *, actor: Actor) -> None:
    """Change many products, in few statements. When one of them can't be changed, none is."""
    audit_as(db.session, actor=actor, action="update")
    with db.session.no_autoflush:
        for product, changes in changed:
            records.apply_changes(product, changes)
    records.write_many([product for product, _ in changed])


def create_solution(values: SolutionInput, *, actor: Actor) -> Solution:
    audit_as(db.session, actor=actor, action="create")
    _require_products(values.product_ids)
    fields = values.model_dump(exclude={"product_ids"})
    solution: Solution = records.insert_records(Solution, [fields])[0]
    _replace_products(solution, values.product_ids)
    db.session.flush()
    return solution


def update_solution(solution: Solution, changes: Mapping[str, Any], *, actor: Actor) -> Solution:
    """Change fields of a solution; `product_ids` is the whole list, in the order in which it is shown."""
    audit_as(db.session, actor=actor, action="update")
    records.apply_changes(solution, {name: value for name, value in changes.items() if name != "product_ids"})
    product_ids = changes.get("product_ids")
    if product_ids is not None and list(product_ids) != solution.product_ids:
        _require_products(product_ids, kept=solution.product_ids)
        _replace_products(solution, product_ids)
        records.touch(solution)
    db.session.flush()
    return solution


def create_service_category(values: ServiceCategoryInput, *, actor: Actor) -> ServiceCategory:
    audit_as(db.session, actor=actor, action="create")
    fields = values.model_dump(exclude={"offerings"})
    category: ServiceCategory = records.insert_records(ServiceCategory, [fields])[0]
    _replace_offerings(category, values.offerings)
    db.session.flush()
    return category


def update_service_category(category: ServiceCategory, changes: Mapping[str, Any], *, actor: Actor) -> ServiceCategory:
    """Change fields of a service category; `offerings` is the whole list: one that it leaves out is deleted."""
    audit_as(db.session, actor=actor, action="update")
    records.apply_changes(category, {name: value for name, value in changes.items() if name != "offerings"})
    if changes.get("offerings") is not None and _replace_offerings(category, changes["offerings"]):
        records.touch(category)
    db.session.flush()
    return category


def _require_products(product_ids: Sequence[UUID], kept: Sequence[UUID] = ()) -> None:
    """Each product must be there, once, and on sale; one that the solution names already may be off sale."""
    on_sale = db.session.execute(
        select(Product.id, Product.archived_at.is_(None)).where(Product.id.in_(product_ids))
    ).all()
    fit = {key for key, live in on_sale if live or key in kept}
    errors = []
    for position, product_id in enumerate(product_ids):
        if product_id in product_ids[:position]:
            errors.append(FieldError(f"/product_ids/{position}", "This product is named twice.", "duplicate"))
        elif product_id not in fit:
            errors.append(FieldError(f"/product_ids/{position}", "There is no such product on sale.", "unknown"))
    if errors:
        raise UnknownProducts("The solution can't hold these products.", errors=errors)


def _replace_products(solution: Solution, product_ids: Sequence[UUID]) -> None:
    there = {link.product_id: link for link in solution.product_links}
    solution.product_links, _ = reconcile(there, [(key, {"product_id": key}) for key in product_ids], SolutionProduct)


def _replace_offerings(category: ServiceCategory, offerings: Sequence[OfferingInput]) -> bool:
    """Whether anything came, went or changed."""
    there = {offering.id: offering for offering in category.offerings}
    given = [(values.id, values.model_dump(exclude={"id"})) for values in offerings]
    category.offerings, changed = reconcile(there, given, Offering, missing=UnknownOffering, at="offerings")
    return changed
