"""Prices as people write them, on the pages and in the API."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.catalog.models import Product
from app.core.changes.models import ChangeRow
from app.extensions import db

NEW = {"name": "Lamp", "category": "Lighting", "currency": "EUR"}


@pytest.fixture
def manager_api(api: Any, make_user: Any) -> Any:
    return api(make_user(role="manager"))


def stored() -> Product | None:
    return db.session.scalar(select(Product))


@pytest.mark.parametrize(
    ("typed", "price"),
    [
        ("49,90", "49.90"),
        ("1.499,00", "1499.00"),
        ("49.90 €", "49.90"),
        ("1 499,00", "1499.00"),
        ("1'499.00", "1499.00"),
        ("EUR 1'499.–", "1499.00"),
    ],
)
def test_form_reads_what_people_write(as_manager: Any, typed: str, price: str) -> None:
    answer = as_manager.post("/admin/products/new", data=NEW | {"price": typed})
    assert answer.status_code == 303
    assert (stored().price, stored().currency) == (Decimal(price), "EUR")


@pytest.mark.parametrize(
    ("typed", "question"),
    [
        ("1.500", "This may be 1500 or 1.50. Write one or the other."),
        ("50.000", "This may be 50000 or 50.00. Write one or the other."),
        ("1,500", "This may be 1500 or 1.50. Write one or the other."),
        ("0.500", "Use 2 decimals at most."),
        ("49.90 $", "This says USD, but the currency is EUR."),
        ("€ 49 USD", "This says EUR and USD, but the currency is EUR."),
        ("¥ 49", "This says JPY, but the currency is EUR."),
    ],
)
def test_form_asks_and_keeps_what_was_typed(as_manager: Any, typed: str, question: str) -> None:
    answer = as_manager.post("/admin/products/new", data=NEW | {"price": typed})
    assert answer.status_code == 422
    assert question in answer.text
    assert f'value="{typed}"' in answer.text
    assert stored() is None


@pytest.mark.parametrize("price", ['"1.500"', '"1.000"', "1.500", "1.005", "1e-3"])
def test_api_refuses_three_decimals(manager_api: Any, price: str) -> None:
    body = f'{{"name": "Server rack", "category": "Hardware", "price": {price}}}'
    answer = manager_api.post("/api/products", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/price"]
    assert stored() is None


def test_api_stays_strict(manager_api: Any) -> None:
    assert manager_api.post("/api/products", json=NEW | {"price": "49,90"}).status_code == 422
    assert manager_api.get("/api/products?min_price=49,90").status_code == 422
    assert manager_api.get("/api/products?min_price=1.500").status_code == 422


def test_filter_reads_what_people_write(as_manager: Any, make_product: Any) -> None:
    make_product(name="Cheap", price=Decimal("49.89"))
    make_product(name="Dear", price=Decimal("49.90"))
    answer = as_manager.get("/admin/products", query_string={"min_price": "49,90"})
    assert answer.status_code == 200
    assert "Dear" in answer.text
    assert "Cheap" not in answer.text
    assert as_manager.get("/admin/products/export.csv?min_price=49,90").status_code == 200
    asked = as_manager.get("/admin/products?min_price=1.500")
    assert asked.status_code == 422
    assert "This may be 1500 or 1.50." in asked.text
    assert 'value="1.500"' in asked.text


def test_bulk_reads_what_people_write(as_manager: Any, make_product: Any) -> None:
    lamp = make_product(price=Decimal("10.00"), currency="EUR")
    dollars = make_product(price=Decimal("10.00"), currency="USD")
    form = {"ids": [str(lamp.id), str(dollars.id)], "action": "set:price"}
    answer = as_manager.post("/admin/products/bulk", data=form | {"value": "1.499,00 €"})
    assert answer.status_code == 303
    rows = {row.record_id: row for row in db.session.scalars(select(ChangeRow))}
    assert rows[lamp.id].after == {"price": Decimal("1499.00")}
    assert rows[dollars.id].problems[0]["message"] == "It is in USD, and the amount says EUR."


@pytest.mark.parametrize(
    "given", [{"action": "set:price", "value": "1.500"}, {"action": "move:price", "amount": "1,500"}]
)
def test_bulk_asks(as_manager: Any, make_product: Any, given: dict[str, str]) -> None:
    lamp = make_product(price=Decimal("10.00"))
    answer = as_manager.post("/admin/products/bulk", data={"ids": str(lamp.id), **given}, follow_redirects=True)
    assert "This may be 1500 or 1.50." in answer.text
    assert db.session.scalar(select(ChangeRow)) is None


def test_percentage_has_no_currency(as_manager: Any, make_product: Any) -> None:
    given = {"ids": str(make_product().id), "action": "move:price", "percent": "5 €"}
    answer = as_manager.post("/admin/products/bulk", data=given, follow_redirects=True)
    assert "A percentage has no currency." in answer.text
