from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.catalog import kinds, operations
from app.catalog.models import Offering, Product, SolutionProduct
from app.catalog.schemas import OfferingInput, ProductInput, ServiceCategoryInput, SolutionInput
from app.core import records
from app.core.audit import SYSTEM, AuditEntry
from app.core.errors import NotFound
from app.core.ids import new_id
from app.core.kinds import editing_of
from app.core.records import (
    AlreadyArchived,
    IsArchived,
    NotArchived,
    SlugTaken,
    get_record,
    slug_of,
)
from app.core.tenancy import as_system
from app.extensions import db


def product_input(**values: Any) -> ProductInput:
    return ProductInput(**{"name": "Invoice intake", "category": "Automation", "price": "1499.00"} | values)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Invoice Intake", "invoice-intake"),
        ("  Café — Größe/2  ", "cafe-grosse-2"),
        ("数据", "shuju"),
        ("Данные о рынке", "dannye-o-rynke"),
        ("Ёлка, объявление, Кёльн", "elka-obyavlenie-keln"),
        ("Αναλύσεις δεδομένων", "analyseis-dedomenon"),
        ("مرحبا", "mrhb"),
        ("नमस्ते", "nmste"),
        ("データ分析", "detafenxi"),
        ("데이터", "deiteo"),
        ("Ødegård & Łódź, Æther", "odegard-lodz-aether"),
        ("Ａｂｃ ①½ ٣", "abc-112-3"),
        ("Rocket 🚀 Ärger™ 5 €", "rocket-argertm-5"),
        ("🚀", "item"),
        ("数" * 120, ("shu" * 44)[:130]),
        ("x" * 120, "x" * 120),
        ("0193A8B2-0000-7000-8000-000000000001", "item-0193a8b2-0000-7000-8000-000000000001"),
    ],
)
def test_slug_is_made_of_small_ascii_letters_digits_and_hyphens(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_names_of_another_script_get_slugs_of_their_own(db_session: Any) -> None:
    names = ["Данные о рынке", "数据", "Данные о рынке", "Данные: о рынке"]
    made = [operations.create_product(product_input(name=name), actor=SYSTEM) for name in names]
    assert [p.slug for p in made] == ["dannye-o-rynke", "shuju", "dannye-o-rynke-2", "dannye-o-rynke-3"]


def test_products_of_one_name_get_numbered_slugs(db_session: Any) -> None:
    together = operations.create_products([product_input() for _ in range(3)], actor=SYSTEM)
    later = operations.create_product(product_input(), actor=SYSTEM)
    assert [p.slug for p in [*together, later]] == [
        "invoice-intake",
        "invoice-intake-2",
        "invoice-intake-3",
        "invoice-intake-4",
    ]


def test_products_come_back_in_the_order_of_their_inputs(db_session: Any) -> None:
    operations.create_product(product_input(name="B"), actor=SYSTEM)
    made = operations.create_products([product_input(name=name) for name in "ABC"], actor=SYSTEM)
    assert [(p.name, p.slug) for p in made] == [("A", "a"), ("B", "b-2"), ("C", "c")]


def test_a_slug_that_is_taken_is_refused_at_the_field(db_session: Any, make_product: Any) -> None:
    make_product(slug="taken")
    with pytest.raises(SlugTaken) as refusal:
        operations.create_product(product_input(slug="taken"), actor=SYSTEM)
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [("/slug", "taken")]


def test_an_archived_product_keeps_its_slug(db_session: Any, make_product: Any) -> None:
    make_product(slug="invoice-intake", archived=True)
    assert operations.create_product(product_input(), actor=SYSTEM).slug == "invoice-intake-2"


def test_a_new_name_does_not_move_the_slug(db_session: Any, make_product: Any) -> None:
    product = make_product(slug="old")
    operations.update_product(product, {"name": "New", "slug": None}, actor=SYSTEM)
    assert (product.name, product.slug) == ("New", "old")


def test_moving_to_a_taken_slug_is_refused(db_session: Any, make_product: Any) -> None:
    make_product(slug="taken")
    product = make_product(slug="mine")
    with pytest.raises(SlugTaken):
        operations.update_product(product, {"slug": "taken"}, actor=SYSTEM)


def test_an_update_counts_the_version_and_records_the_changed_fields_alone(db_session: Any, make_product: Any) -> None:
    product = make_product(price=Decimal("10.00"))
    operations.update_product(product, {"price": Decimal("12.50"), "name": product.name}, actor=SYSTEM)
    db.session.commit()
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert product.version == 2
    assert (entry.action, entry.record_id) == ("update", product.id)
    assert set(entry.before or {}) == set(entry.after or {}) == {"price"}


def test_an_update_to_equal_values_changes_nothing(db_session: Any, make_product: Any) -> None:
    product = make_product(price=Decimal("10.00"))
    entries = select(func.count()).select_from(AuditEntry)
    before = db.session.scalar(entries)
    operations.update_product(product, {"price": Decimal(10), "name": product.name}, actor=SYSTEM)
    db.session.commit()
    assert (product.version, db.session.scalar(entries)) == (1, before)


def test_archiving_twice_restoring_twice_and_editing_in_the_archive_are_refused(
    db_session: Any, make_product: Any
) -> None:
    product = make_product()
    with pytest.raises(NotArchived):
        records.restore(product, actor=SYSTEM)
    records.archive(product, actor=SYSTEM)
    with pytest.raises(AlreadyArchived):
        records.archive(product, actor=SYSTEM)
    with pytest.raises(IsArchived):
        operations.update_product(product, {"name": "Other"}, actor=SYSTEM)
    records.restore(product, actor=SYSTEM)
    assert product.archived_at is None


def test_a_record_is_found_by_id_and_by_slug(db_session: Any, make_product: Any) -> None:
    product = make_product(slug="here")
    assert get_record(kinds.products, str(product.id)) is product
    assert get_record(kinds.products, "here") is product


@pytest.mark.parametrize("reference", ["nowhere", str(UUID(int=7)), "a\0b", "", "x" * 3000, "🚀", "' or 1=1 --"])
def test_a_reference_to_nothing_is_not_found(db_session: Any, reference: str) -> None:
    with pytest.raises(NotFound):
        get_record(kinds.products, reference)


def test_archived_records_are_hidden_on_request(db_session: Any, make_product: Any) -> None:
    product = make_product(archived=True)
    assert get_record(kinds.products, product.id) is product
    with pytest.raises(NotFound):
        get_record(kinds.products, product.id, archived=False)


def test_a_solution_shows_its_products_in_their_order(db_session: Any, make_product: Any) -> None:
    first, second = make_product(name="First"), make_product(name="Second")
    solution = operations.create_solution(
        SolutionInput(name="S", industry="Retail", product_ids=[second.id, first.id]), actor=SYSTEM
    )
    assert [p.name for p in solution.products] == ["Second", "First"]


def test_a_product_off_sale_keeps_its_place_in_a_solution_without_being_shown(
    db_session: Any, make_product: Any, make_solution: Any
) -> None:
    kept, gone = make_product(), make_product()
    solution = make_solution(products=[kept, gone])
    records.archive(gone, actor=SYSTEM)
    assert solution.products == [kept]
    operations.update_solution(solution, {"product_ids": [gone.id, kept.id]}, actor=SYSTEM)
    assert solution.product_ids == [gone.id, kept.id]


def test_a_solution_refuses_products_unknown_twice_or_off_sale(db_session: Any, make_product: Any) -> None:
    live, archived = make_product(), make_product(archived=True)
    ids = [live.id, live.id, new_id(), archived.id]
    with pytest.raises(operations.UnknownProducts) as refusal:
        operations.create_solution(SolutionInput(name="S", industry="Retail", product_ids=ids), actor=SYSTEM)
    assert [(e.pointer, e.code) for e in refusal.value.errors] == [
        ("/product_ids/1", "duplicate"),
        ("/product_ids/2", "unknown"),
        ("/product_ids/3", "unknown"),
    ]


def test_changing_the_products_of_a_solution_moves_its_version_and_keeps_the_links_that_stay(
    db_session: Any, make_product: Any, make_solution: Any
) -> None:
    a, b, c = make_product(), make_product(), make_product()
    solution = make_solution(products=[a, b])
    link_of_a = solution.product_links[0].id
    operations.update_solution(solution, {"product_ids": [a.id, c.id]}, actor=SYSTEM)
    db.session.commit()
    assert solution.version == 2
    links = select(SolutionProduct.id, SolutionProduct.product_id).order_by(SolutionProduct.position)
    rows = db.session.execute(links).all()
    assert [row.product_id for row in rows] == [a.id, c.id]
    assert rows[0].id == link_of_a


def test_offerings_are_kept_by_id_added_without_and_deleted_when_left_out(
    db_session: Any, make_offering: Any, make_service_category: Any
) -> None:
    category = make_service_category(offerings=[make_offering(name="Kept"), make_offering(name="Gone")])
    kept = category.offerings[0].id
    operations.update_service_category(
        category,
        {
            "offerings": [
                OfferingInput(name="New", price_from="9.50"),
                OfferingInput(id=kept, name="Kept", price_from="40"),
            ]
        },
        actor=SYSTEM,
    )
    db.session.commit()
    rows = db.session.execute(select(Offering.id, Offering.name, Offering.price_from).order_by(Offering.position)).all()
    assert [(row.name, row.price_from) for row in rows] == [("New", Decimal("9.50")), ("Kept", Decimal("40.00"))]
    assert rows[1].id == kept
    assert category.version == 2


def test_unchanged_offerings_leave_the_version(db_session: Any, make_offering: Any, make_service_category: Any) -> None:
    category = make_service_category(offerings=[make_offering()])
    same = [OfferingInput(**values) for values in editing_of(kinds.services).values(category)["offerings"]]
    operations.update_service_category(category, {"offerings": same}, actor=SYSTEM)
    db.session.commit()
    assert category.version == 1


def test_an_offering_of_another_category_is_refused(
    db_session: Any, make_offering: Any, make_service_category: Any
) -> None:
    other = make_service_category(offerings=[make_offering()])
    category = make_service_category(name="Mine")
    stolen = OfferingInput(id=other.offerings[0].id, name="Stolen", price_from="1")
    with pytest.raises(operations.UnknownOffering) as refusal:
        operations.update_service_category(category, {"offerings": [stolen]}, actor=SYSTEM)
    assert refusal.value.errors[0].pointer == "/offerings/0/id"
    with pytest.raises(operations.UnknownOffering):
        operations.create_service_category(ServiceCategoryInput(name="New", offerings=[stolen]), actor=SYSTEM)


@pytest.mark.committed
def test_writers_of_one_name_at_once_each_get_a_slug(app: Flask, committed_db: str) -> None:
    writers = 8
    start = Barrier(writers)

    def create(_: int) -> str:
        with app.app_context(), as_system("a test"):
            start.wait(10)
            product = operations.create_product(product_input(), actor=SYSTEM)
            db.session.commit()
            return product.slug

    with ThreadPoolExecutor(writers) as pool:
        slugs = list(pool.map(create, range(writers)))
    assert sorted(slugs) == sorted(["invoice-intake", *(f"invoice-intake-{n}" for n in range(2, writers + 1))])
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Product)) == writers
