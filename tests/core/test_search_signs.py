"""Names with signs in them are found as people type them."""

from typing import Any

import pytest

from app.assistants.profiles.kinds import ASSISTANTS
from app.catalog.kinds import PRODUCTS
from app.core.lists import fetch, query_schema
from app.core.search import palette
from tests.factories.assistants import make_assistant

SHELF = (
    "Wi-Fi Router", "WLAN-Router", "T-Shirt", "E-Bike", "KT-INS114-DRE", "S/4HANA Lizenz", "2-in-1 Tablet",
    "USB-C Kabel", "C++17 Buch", "C++ Schulung", "C# Schulung", "CAD Kurs", "Inside story", "Install service",
)  # fmt: skip


@pytest.fixture(autouse=True)
def shelf(make_product: Any) -> None:
    for name in SHELF:
        make_product(name=name, category="Goods", description="")


def find(session: Any, q: str) -> list[str]:
    return [row.name for row in fetch(session, PRODUCTS, query_schema(PRODUCTS)(q=q), staff=True).rows]


FOUND = [
    ("C++", ["C++ Schulung", "C++17 Buch"]),
    ("c++", ["C++ Schulung", "C++17 Buch"]),
    ("C++17", ["C++17 Buch"]),
    ("C#", ["C# Schulung"]),
    ("C++ Schulung", ["C++ Schulung"]),
    ("wifi", ["Wi-Fi Router"]),
    ("Wi-Fi", ["Wi-Fi Router"]),
    ("wi-f", ["Wi-Fi Router"]),
    ("wifi router", ["Wi-Fi Router"]),
    ("wlanrouter", ["WLAN-Router"]),
    ("wlan", ["WLAN-Router"]),
    ("tshirt", ["T-Shirt"]),
    ("t-shirt", ["T-Shirt"]),
    ("ebike", ["E-Bike"]),
    ("s4hana", ["S/4HANA Lizenz"]),
    ("S/4HANA", ["S/4HANA Lizenz"]),
    ("4hana", ["S/4HANA Lizenz"]),
    ("KT-INS", ["KT-INS114-DRE"]),
    ("kt-ins114", ["KT-INS114-DRE"]),
    ("KT", ["KT-INS114-DRE"]),
    ("2in1", ["2-in-1 Tablet"]),
    ("usb-c", ["USB-C Kabel"]),
    ("usbc", ["USB-C Kabel"]),
]


@pytest.mark.parametrize(("q", "names"), FOUND)
def test_lists_find_them(db_session: Any, q: str, names: list[str]) -> None:
    assert find(db_session, q) == names


@pytest.mark.parametrize(("q", "names"), FOUND)
def test_the_palette_finds_them(db_session: Any, q: str, names: list[str]) -> None:
    assert [found.name for found in palette(db_session, q)] == names


def test_the_api_finds_them(client: Any) -> None:
    for q, names in FOUND:
        assert [row["name"] for row in client.get("/api/products", query_string={"q": q}).json] == names, q


def test_people_are_found_by_the_beginning_of_a_double_name(db_session: Any) -> None:
    make_assistant(name="Anna-Lena Groß")
    for q in ("anna-l", "annalena", "anna lena", "anna"):
        page = fetch(db_session, ASSISTANTS, query_schema(ASSISTANTS)(q=q), staff=True)
        assert [row.name for row in page.rows] == ["Anna-Lena Groß"], q
