"""Imports of amounts: currencies that the file says, and what is asked once for the whole file."""

import io
import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from app.catalog.models import Product
from app.core.changes.models import ChangeRow, ChangeSet
from app.extensions import db


def upload(browser: Any, text: str, kind: str = "products") -> str:
    file = (io.BytesIO(text.encode()), "list.csv")
    answer = browser.post(f"/admin/{kind}/import", data={"file": file}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def rows() -> dict[str, ChangeRow]:
    db.session.expire_all()
    return {row.label: row for row in db.session.scalars(select(ChangeRow).order_by(ChangeRow.number))}


def told(row: ChangeRow) -> list[str]:
    return [problem["message"] for problem in row.problems]


def test_currency_of_the_cell_is_taken(as_manager: Any) -> None:
    here = upload(
        as_manager,
        "name;category;price\nA;Lighting;1.499,00 €\nB;Lighting;CHF 49.50\nC;Lighting;£20\nD;Lighting;EUR 12,00\n"
        "E;Lighting;¥1200\nF;Lighting;€ 49 USD\n",
    )
    found = rows()
    assert {name: found[name].after.get("currency") for name in "ABCD"} == {
        "A": "EUR",
        "B": "CHF",
        "C": "GBP",
        "D": "EUR",
    }
    assert told(found["E"]) == ["JPY isn't taken. Use one of USD, EUR, GBP, CHF."]
    assert told(found["F"]) == ["This says EUR and USD, but the row names both."]
    page = as_manager.get(f"{here}?rows=new").text
    assert "Which currency are the amounts in?" not in page
    assert "CHF" in page
    as_manager.post(f"{here}/apply", data={"leave_out": "1"})
    stored = {p.name: (p.price, p.currency) for p in db.session.scalars(select(Product))}
    assert stored["A"] == (Decimal("1499.00"), "EUR")
    assert stored["C"] == (Decimal("20.00"), "GBP")


def test_currency_of_the_heading_is_taken(as_manager: Any) -> None:
    upload(as_manager, "Name;Category;Price €\nA;Lighting;49,00\nB;Lighting;49 USD\n")
    found = rows()
    assert found["A"].after["currency"] == "EUR"
    assert told(found["B"]) == ["This says USD, but the row is in EUR."]


def test_row_that_says_two_is_refused(as_manager: Any) -> None:
    upload(as_manager, "name;category;price;currency\nA;x;49 €;USD\nB;x;49 €;EUR\nC;x;49;€\nD;x;49 €;\n")
    found = rows()
    assert told(found["A"]) == ["This says EUR, but the row is in USD."]
    assert {name: found[name].after["currency"] for name in "BCD"} == dict.fromkeys("BCD", "EUR")


def test_currency_is_asked_once_where_none_is_known(as_manager: Any) -> None:
    here = upload(as_manager, "name;category;price\nA;x;49,00\nB;x;50,00\nC;x;CHF 5,00\n")
    page = as_manager.get(here).text
    assert "Which currency are the amounts in?" in page
    assert "2 rows" in re.sub(r"\s+", " ", page)
    assert "currency" not in rows()["A"].after
    assert page.count("Currency not known yet.") == 2
    assert "/apply" not in page
    answer = as_manager.post(f"{here}/apply", follow_redirects=True)
    assert "Choose first which currency the amounts are in." in answer.text
    assert db.session.scalars(select(Product)).all() == []
    answer = as_manager.post(f"{here}/answer", data={"currency": "EUR"})
    assert answer.status_code == 303
    found = rows()
    assert {name: found[name].after.get("currency") for name in "ABC"} == {"A": "EUR", "B": "EUR", "C": "CHF"}
    assert "Which currency are the amounts in?" not in as_manager.get(here).text


def test_a_change_of_a_price_asks_for_no_currency(as_manager: Any, make_product: Any) -> None:
    make_product(name="A", price=Decimal("1.00"), currency="EUR")
    here = upload(as_manager, "name;category;price\nA;x;49,00\n")
    assert "Which currency" not in as_manager.get(here).text
    assert "currency" not in rows()["A"].after


def test_answer_leaves_the_currency_of_what_is_there(as_manager: Any, make_product: Any) -> None:
    make_product(name="A", price=Decimal("1.00"), currency="CHF")
    here = upload(as_manager, "name;category;price\nA;x;49,00\nB;x;49,00\n")
    as_manager.post(f"{here}/answer", data={"currency": "EUR"})
    found = rows()
    assert "currency" not in found["A"].after
    assert found["B"].after["currency"] == "EUR"


def test_row_corrected_after_the_answer_has_its_currency(as_manager: Any) -> None:
    here = upload(as_manager, "name;category;price\nA;x;49,00\nB;x;free\n")
    as_manager.post(f"{here}/answer", data={"currency": "EUR"})
    as_manager.post(f"{here}/rows/3", data={"price": "5,00"})
    assert rows()["B"].after["currency"] == "EUR"


THOUSANDS = "name;category;price\nS;Hardware;899\nM;Hardware;1.499\nL;Hardware;2.000\nXL;Hardware;12.500\n"


@pytest.mark.parametrize(
    ("mark", "prices", "wrong"),
    [
        (",", {"S": "899.00", "M": "1499.00", "L": "2000.00", "XL": "12500.00"}, 0),
        (".", {"S": "899.00", "L": "2.00", "XL": "12.50"}, 1),
    ],
)
def test_column_of_whole_thousands_is_one_question(
    as_manager: Any, mark: str, prices: dict[str, str], wrong: int
) -> None:
    here = upload(as_manager, THOUSANDS)
    page = as_manager.get(here).text
    assert "Price: is “1.499” 1499 or 1.499?" in page
    assert page.count(f'action="{here}/answer"') == 2
    assert as_manager.post(f"{here}/answer", data={"mark-price": mark}).status_code == 303
    found = rows()
    assert {name: row.after["price"] for name, row in found.items() if row.kind == "new"} == {
        name: Decimal(price) for name, price in prices.items()
    }
    assert db.session.scalar(select(ChangeSet.rows_wrong)) == wrong
    assert "Price: is “" not in as_manager.get(here).text


@pytest.mark.parametrize("given", [{}, {"currency": "XYZ"}, {"mark-price": "x"}, {"mark-name": ","}])
def test_answer_that_was_not_asked_for_changes_nothing(as_manager: Any, given: dict[str, str]) -> None:
    here = upload(as_manager, THOUSANDS)
    answer = as_manager.post(f"{here}/answer", data=given, follow_redirects=True)
    assert "Choose an answer first." in answer.text
    assert rows()["M"].kind == "wrong"


def test_column_that_gives_its_mark_away_is_not_asked_about(as_manager: Any) -> None:
    here = upload(as_manager, THOUSANDS + "XXL;Hardware;1,50\n")
    assert "Price: is “" not in as_manager.get(here).text
    assert rows()["M"].after["price"] == Decimal("1499.00")


def test_answer_comes_too_late_once_it_is_applied(as_manager: Any) -> None:
    here = upload(as_manager, "name;category;price\nA;x;49,00 €\n")
    as_manager.post(f"{here}/apply")
    answer = as_manager.post(f"{here}/answer", data={"currency": "CHF"}, follow_redirects=True)
    assert answer.status_code == 200
    assert db.session.scalar(select(Product.currency)) == "EUR"


def test_row_corrected_before_the_answer_asks_for_its_currency(as_manager: Any) -> None:
    here = upload(as_manager, "name;category;price\nA;x;free\n")
    assert "Which currency" not in as_manager.get(here).text
    as_manager.post(f"{here}/rows/2", data={"price": "5,00"})
    assert "Which currency" in as_manager.get(here).text
    as_manager.post(f"{here}/answer", data={"currency": "EUR"})
    assert (rows()["A"].kind, rows()["A"].after["price"]) == ("new", Decimal("5.00"))


FINE = "name;category;price;currency\nA;x;41,1765;EUR\nB;x;12,0050;EUR\nC;x;0,1250;EUR\nD;x;7,5000;EUR\n"


@pytest.mark.parametrize(
    ("said", "prices", "wrong"),
    [("round", {"A": "41.18", "B": "12.01", "C": "0.13", "D": "7.50"}, 0), ("keep", {"D": "7.50"}, 3)],
)
def test_prices_with_more_decimals_are_one_question(
    as_manager: Any, said: str, prices: dict[str, str], wrong: int
) -> None:
    here = upload(as_manager, FINE)
    assert db.session.scalar(select(ChangeSet.rows_wrong)) == 3
    page = as_manager.get(here).text
    assert "Price has more than 2 decimals in 3 rows, such as 41.1765." in page
    assert "Round to cents: 41.18" in page
    as_manager.post(f"{here}/answer", data={"round-price": said})
    assert {name: row.after["price"] for name, row in rows().items() if row.kind == "new"} == {
        name: Decimal(price) for name, price in prices.items()
    }
    assert db.session.scalar(select(ChangeSet.rows_wrong)) == wrong
    assert "more than 2 decimals in" not in as_manager.get(here).text


def test_what_new_rows_lack_is_one_question(as_manager: Any, make_product: Any) -> None:
    make_product(name="Old", slug="old", category="Shelves", price=Decimal("1.00"), currency="EUR")
    here = upload(as_manager, "slug,name,category,price,currency\nold,Old,,2,EUR\na,A,,3,EUR\nb,B,Lamps,4,EUR\nc,,,,\n")
    page = as_manager.get(here).text
    assert "Category is empty in 1 row. What should it be?" in page
    as_manager.post(f"{here}/answer", data={"fill-category": "Sundries"})
    assert {name: row.after.get("category") for name, row in rows().items() if row.kind != "wrong"} == {
        "Old": None,
        "A": "Sundries",
        "B": "Lamps",
    }
    assert "What should it be?" not in as_manager.get(here).text
    as_manager.post(f"{here}/apply", data={"leave_out": "1"})
    stored = {p.slug: p.category for p in db.session.scalars(select(Product))}
    assert stored == {"old": "Shelves", "a": "Sundries", "b": "Lamps"}


def test_client_may_not_answer(as_manager: Any, as_client: Any) -> None:
    here = upload(as_manager, THOUSANDS)
    assert as_client.post(f"{here}/answer", data={"mark-price": ","}).status_code == 403


BASE = "Bürostuhl Ergo"


@pytest.mark.parametrize(
    "spelling",
    ["Bu\u0308rostuhl Ergo", "Bürostuhl  Ergo", "bürostuhl ergo", "Bürostuhl\u00a0Ergo", "Bürostuhl Ergo\u200b"],
)
def test_spelling_of_a_name_makes_no_second_record(as_manager: Any, make_product: Any, spelling: str) -> None:
    make_product(name=BASE, category="Möbel", price=Decimal("100.00"), currency="EUR")
    here = upload(as_manager, f"name;category;price\n{spelling};Möbel;110,00\n")
    row = db.session.scalars(select(ChangeRow)).one()
    assert (row.kind, set(row.after)) == ("changed", {"price"})
    as_manager.post(f"{here}/apply")
    assert [(p.name, p.price) for p in db.session.scalars(select(Product))] == [(BASE, Decimal("110.00"))]


def test_spellings_within_a_file_are_one_record(as_manager: Any) -> None:
    text = f"name;category;price\n{BASE};Möbel;121,00\nBürostuhl  Ergo;Möbel;122,00\nbürostuhl ergo;Möbel;130,00\n"
    upload(as_manager, text)
    kinds = [row.kind for row in db.session.scalars(select(ChangeRow).order_by(ChangeRow.number))]
    assert kinds == ["new", "wrong", "wrong"]


def test_near_twin_is_named(as_manager: Any, make_product: Any) -> None:
    make_product(name=BASE)
    here = upload(as_manager, "name;category;price\nBurostuhl Ergo;Möbel;110,00\nCafe;x;1,00\nCafé;x;1,00\n")
    page = as_manager.get(f"{here}?rows=new").text
    assert f"There is “{BASE}” already. Is it the same?" in page
    assert "Row 3 is “Cafe”. Is it the same?" in page
    assert {row.kind for row in db.session.scalars(select(ChangeRow))} == {"new"}


@pytest.mark.parametrize("kind", ["products", "solutions", "services"])
def test_second_preview_of_one_file_makes_nothing_twice(as_manager: Any, kind: str) -> None:
    texts = {
        "products": "name;category;price\nTwice A;Test;1,00 €\nTwice B;Test;2,00 €\n",
        "solutions": "name;industry\nTwice A;Retail\nTwice B;Retail\n",
        "services": "name;description\nTwice A;x\nTwice B;y\n",
    }
    first, second = upload(as_manager, texts[kind], kind), upload(as_manager, texts[kind], kind)
    as_manager.post(f"{first}/apply")
    as_manager.post(f"{second}/apply")
    made = as_manager.get(f"/api/{kind}").json
    assert sorted(found["name"] for found in made) == ["Twice A", "Twice B"]
    found = db.session.scalars(select(ChangeRow).where(ChangeRow.kind == "conflict")).all()
    assert {told(row)[0].partition(" of ")[2] for row in found} == {"this name has come since the preview."}
    assert len(found) == 2
