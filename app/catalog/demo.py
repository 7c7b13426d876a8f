"""The demo catalogue: forty products written by hand, what is made of them, and as many variants as are asked for.

Each function adds what is missing and leaves the rest alone. They yield where a change is complete; the caller
commits there, so that each change has its own moment and can be undone by itself.
"""

import tomllib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import product as every_combination
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, select

from app.catalog import operations
from app.catalog.models import Product, ServiceCategory, Solution
from app.catalog.schemas import OfferingInput, ProductInput, ServiceCategoryInput, SolutionInput
from app.core import records
from app.core.audit import Actor, audit_as
from app.core.clock import frozen, now
from app.core.domain import Seeding
from app.core.ids import new_id
from app.core.numbers import rounded
from app.core.records import slug_of
from app.extensions import db
from app.identity.models import User

_Entry = dict[str, Any]

_DATA = Path(__file__).parent / "demo_data"
_OLDEST, _NEWEST = 730, 60  # days: every variant is older than every product that was written by hand

_PRICE_CORRECTIONS = (
    # product, days ago, price
    ("Sales Cockpit", 35, "1090.00"),
    ("Connector Hub", 22, "1190.00"),
    ("Sales Cockpit", 12, "1040.00"),
    ("Audit Trail", 9, "790.00"),
    ("Uptime Watch", 1, "420.00"),
)


def add_catalogue(seeding: Seeding) -> Iterator[None]:
    if seeding.products > most_products():
        seeding.say(f"The demo catalogue has {most_products():,} products at most.")
    for step in (add_products, add_solutions, add_services):
        yield from step(actor=seeding.actor)
    yield from add_variants(seeding.products, actor=seeding.actor)


def add_corrections(_seeding: Seeding) -> Iterator[None]:
    """Let the demo's manager have corrected what was added."""
    manager = db.session.scalar(select(User).where(User.username == "manager"))
    if manager is not None:
        yield from add_history(actor=manager)


def add_products(*, actor: Actor) -> Iterator[None]:
    entries = _read("products")["product"]
    for entry in _missing(Product, entries):
        values = {name: entry[name] for name in ("name", "category", "price", "icon", "features")}
        with frozen(now() - timedelta(days=entry["days"])):
            operations.create_product(ProductInput(**values, description=entry["description"].strip()), actor=actor)
        yield


def add_solutions(*, actor: Actor) -> Iterator[None]:
    for entry in _missing(Solution, _read("solutions")["solution"]):
        values = {name: entry[name] for name in ("name", "industry", "icon", "summary")}
        ids = _on_sale(entry["products"])
        with frozen(now() - timedelta(days=entry["days"])):
            solution = SolutionInput(**values, description=entry["description"].strip(), product_ids=ids)
            operations.create_solution(solution, actor=actor)
        yield


def add_services(*, actor: Actor) -> Iterator[None]:
    for entry in _missing(ServiceCategory, _read("services")["service"]):
        offerings = [OfferingInput(**offering) for offering in entry["offerings"]]
        values = {name: entry[name] for name in ("name", "icon", "description")}
        with frozen(now() - timedelta(days=entry["days"])):
            operations.create_service_category(ServiceCategoryInput(**values, offerings=offerings), actor=actor)
        yield


def add_history(*, actor: Actor) -> Iterator[None]:
    """Some price corrections, and a product that went off sale."""
    for name, days, price in _PRICE_CORRECTIONS:
        if (product := _untouched(name)) is not None:
            with frozen(now() - timedelta(days=days)):
                operations.update_product(product, {"price": Decimal(price)}, actor=actor)
            yield
    for entry in _read("products")["product"]:
        if "retired_days" in entry and (product := _untouched(entry["name"])) is not None:
            with frozen(now() - timedelta(days=entry["retired_days"])):
                records.archive(product, actor=actor)
            yield


def add_variants(up_to: int, *, actor: Actor) -> Iterator[None]:
    """Bring the demo catalogue to `up_to` products, or to as many as there can be."""
    rows = _missing(Product, _variants(up_to - len(_read("products")["product"])))
    if rows:
        audit_as(db.session, actor=actor, action="create")
        # RETURNING makes SQLAlchemy send a thousand rows a statement: the triggers run once for each of those.
        db.session.execute(insert(Product).returning(Product.id), rows).all()
        yield


def most_products() -> int:
    """How many products the demo catalogue can have."""
    return len(_read("products")["product"]) + len(_combinations())


def _read(name: str) -> _Entry:
    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


def _missing(model: Any, entries: Sequence[_Entry]) -> list[_Entry]:
    slugs = [slug_of(entry["name"]) for entry in entries]
    there = set(db.session.scalars(select(model.slug).where(model.slug.in_(slugs))))
    return [entry for entry, slug in zip(entries, slugs, strict=True) if slug not in there]


def _on_sale(names: Sequence[str]) -> list[Any]:
    slugs = [slug_of(name) for name in names]
    found = select(Product.slug, Product.id).where(Product.slug.in_(slugs), Product.archived_at.is_(None))
    ids = dict(db.session.execute(found).all())
    return [ids[slug] for slug in slugs if slug in ids]


def _untouched(name: str) -> Product | None:
    """The product, locked, if nobody but this module's own corrections has changed it."""
    corrections = sum(name == other for other, _, _ in _PRICE_CORRECTIONS)
    found = select(Product).where(Product.slug == slug_of(name), Product.archived_at.is_(None)).with_for_update()
    product = db.session.scalar(found)
    return product if product is not None and product.version <= max(1, corrections) else None


def _variants(count: int) -> list[_Entry]:
    """The first variants, always the same ones with the same figures."""
    chance = Random(20_261_122)  # noqa: S311 - nothing secret about it
    combinations = _combinations()
    chance.shuffle(combinations)
    return [_variant(*combination, chance) for combination in combinations[: max(0, count)]]


def _combinations() -> list[tuple[_Entry, _Entry, _Entry, _Entry]]:
    parts = _read("variants")
    entries = [entry for entry in _read("products")["product"] if "retired_days" not in entry]
    return list(every_combination(entries, parts["industry"], parts["tier"], parts["region"]))


def _variant(entry: _Entry, industry: _Entry, tier: _Entry, region: _Entry, chance: Random) -> _Entry:
    name = f"{entry['name']} for {industry['name']}, {tier['name']} ({region['name']})"
    pitch = entry["description"].partition("\n\n")[0].strip()
    exact = Decimal(entry["price"]) * Decimal(tier["factor"]) * Decimal(region["factor"])
    added = now() - timedelta(days=chance.uniform(_NEWEST, _OLDEST))
    return {
        "id": new_id(),
        "name": name,
        "slug": slug_of(name),
        "category": entry["category"],
        "description": f"{pitch}\n\n{industry['text']} {tier['text']}",
        "price": rounded(exact * chance.randrange(96, 105) / 1000, 0) * 10,
        "currency": region["currency"],
        "features": [*entry["features"][: chance.randrange(2, 4)], *tier["features"]],
        "icon": entry["icon"],
        "created_at": added,
        "updated_at": added,
    }
