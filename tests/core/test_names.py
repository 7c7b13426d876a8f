"""Names that look the same are the same: on their way in, in the database, in lists and imports."""

import unicodedata
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from app.core.clock import now
from app.core.ids import new_id
from app.core.names import name_key, tidy
from app.extensions import db
from app.identity.models import Client

DECOMPOSED = unicodedata.normalize("NFD", "Bürostuhl Ergo")
SPELLINGS = [
    DECOMPOSED,
    "Bürostuhl  Ergo",
    "Bürostuhl\u00a0Ergo",
    " Bürostuhl Ergo\u200b",
    "Büro\u00adstuhl\u2009Ergo\ufeff",
]
UNSEEN = [
    "\u202eErgo\u202c", "\u2066Ergo\u2069", "Er\u206ago", "\u3164Ergo", "Ergo\ufe0f", "E\U000e0041rgo",
    "Ergo\U000e0101", "\U000e0001Ergo", "Er\u17b4go", "Ergo\u2800", "Er\ufffcgo", "Er\U0001bca0go",
]  # fmt: skip
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


@pytest.mark.parametrize("spelling", UNSEEN)
def test_nothing_unseen_and_nothing_that_turns_what_stands_beside_it_stays(manager: Any, spelling: str) -> None:
    assert tidy(spelling) == "Ergo"
    for kind, body in BODIES.items():
        made = manager.post(f"/api/{PATHS.get(kind, kind)}", json={"name": spelling, **body})
        assert made.json["name"] == "Ergo", kind


@pytest.mark.parametrize("name", ["a\u2028b", "a\u2029b", "a\uffffb", "a\ufdd0b"])
def test_what_is_no_line_and_what_is_no_character_is_refused(manager: Any, name: str) -> None:
    for kind, body in BODIES.items():
        made = manager.post(f"/api/{PATHS.get(kind, kind)}", json={"name": name, **body})
        assert (made.status_code, made.json["errors"][0]["pointer"]) == (422, "/name"), kind


@pytest.mark.parametrize(
    "name",
    [
        "❤\ufe0f Team",
        "1\ufe0f\u20e3 Start",
        "Acme\u00ae\ufe0f",
        "葛\U000e0100城",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f Office",
    ],
)
def test_what_makes_an_emoji_a_flag_or_a_letter_of_a_script_is_kept(manager: Any, name: str) -> None:
    made = manager.post("/api/services", json={"name": name})
    assert made.json["name"] == name


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
    for spelling in [*SPELLINGS, "\u202eErgo", "\u2066Ergo\u2069", "\u3164", "a\u2800b", "a\u2028b"]:
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
