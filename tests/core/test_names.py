"""Names that look the same are the same: on their way in, in the database, in lists and imports."""

import unicodedata
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from app.auth.models import Client
from app.core.clock import now
from app.core.ids import new_id
from app.core.names import name_key, tidy
from app.extensions import db

DECOMPOSED = unicodedata.normalize("NFD", "Bürostuhl Ergo")
SPELLINGS = [
    DECOMPOSED,
    "Bürostuhl  Ergo",
    "Bürostuhl\u00a0Ergo",
    " Bürostuhl Ergo\u200b",
    "Büro\u00adstuhl\u2009Ergo\ufeff",
]
BODIES = {
    "products": {"category": "Möbel", "price": "100.00"},
    "solutions": {"industry": "Retail"},
    "services": {},
    "assistants": {"hourly_rate": "20.00"},
    "teams": {"specialization": "Furniture"},
    "clients": {},
}
PATHS = {"assistants": "virtual-assistants", "teams": "expert-teams"}


@pytest.fixture
def manager(api: Any, make_user: Any) -> Any:
    return api(make_user(role="manager"))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_looks_the_same_is_the_same(spelling: str) -> None:
    assert tidy(spelling) == "Bürostuhl Ergo"
    assert name_key(spelling) == name_key("BÜROSTUHL ERGO")


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d💻 Team", "क्\u200dष"])
def test_joiners_that_join_are_kept(name: str) -> None:
    assert tidy(name) == name


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_api_stores_names_tidy(manager: Any, kind: str, spelling: str) -> None:
    made = manager.post(f"/api/{PATHS.get(kind, kind)}", json={"name": spelling, **BODIES[kind]})
    assert made.status_code == 201, made.text
    assert made.json["name"] == "Bürostuhl Ergo"
    changed = manager.patch(made.headers["Location"], json={"name": spelling})
    assert changed.json["name"] == "Bürostuhl Ergo"


@pytest.mark.parametrize("kind", ["products", "solutions", "services", "assistants", "teams", "clients", "skills"])
def test_form_stores_names_tidy(as_admin: Any, kind: str) -> None:
    page = f"/admin/{kind}/new"
    more = {"category": "Möbel", "price": "1", "industry": "Retail", "hourly_rate": "20", "specialization": "F"}
    answer = as_admin.post(page, data={"name": DECOMPOSED + "\u200b", **more})
    assert answer.status_code == 303, answer.text
    table = {"services": "service_categories"}.get(kind, kind)
    names = db.session.scalars(text(f"select name from {table}")).all()
    assert "Bürostuhl Ergo" in names


def test_nothing_else_gets_into_the_database(db_session: Any) -> None:
    for spelling in SPELLINGS:
        assert not db.session.scalar(select(func.is_tidy(spelling)))
    assert db.session.scalar(select(func.is_tidy("Bürostuhl Ergo")))
    with pytest.raises(IntegrityError, match="clients_name_tidy_check"):
        db.session.execute(
            insert(Client).values(id=new_id(), name="a  b", status="active", created_at=now(), updated_at=now())
        )


def test_filter_takes_any_spelling(client: Any, make_product: Any) -> None:
    make_product(name="Stuhl", category="Büromöbel")
    decomposed = unicodedata.normalize("NFD", "Büromöbel")
    assert [found["name"] for found in client.get("/api/products", query_string={"category": decomposed}).json] == [
        "Stuhl"
    ]
