"""User names that can be told apart, whichever way somebody comes by one."""

import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.people.kinds import USERS
from app.core.audit import SYSTEM, audit_as
from app.core.lists import fetch, query_schema
from app.extensions import db
from app.identity.confusables import is_of_one_script, skeleton_of
from app.identity.models import User
from tests.factories import PASSWORD

NEW = {"email": "neu@example.com", "company": "Neu", "password": "plum tractor nine sky"}
LOOKS_TAKEN = "This looks like a user name that is taken. Choose another."
ONE_SCRIPT = "Use letters of one script, such as Latin alone or Cyrillic alone."


@pytest.mark.parametrize("name", ["müller-1", "Ødegård", "анна.2", "τάκης", "田中さん", "김철수", "عمر", "x_1"])
def test_names_of_one_script_are_taken(name: str) -> None:
    assert is_of_one_script(name)


@pytest.mark.parametrize("name", ["\u0430dmin", "m\u0430nager", "p\u03b1ul", "анна_z", "田中x"])
def test_names_of_several_scripts_are_not(name: str) -> None:
    assert not is_of_one_script(name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("alice", "aIice"),
        ("alice", "a1ice"),
        ("modern", "modem"),
        ("coco", "\u0441\u043e\u0441\u043e"),
        ("root", "r00t".replace("0", "o")),
        ("admin", "\uff41dmin"),
        ("admin", "adm\u0131n"),
        ("ABE", "\u0391\u0392\u0395"),
        ("maria", "MARIA".lower()),
    ],
)
def test_what_looks_alike_has_one_skeleton(name: str, other: str) -> None:
    assert skeleton_of(name) == skeleton_of(other)


@pytest.mark.parametrize("name", ["ADMlN", "ADM1N", "lVAN", "PHIllP"])
def test_a_small_l_among_capitals_is_read_as_a_capital(client: Any, make_user: Any, name: str) -> None:
    for taken in ("admin", "ivan", "phiiip"):
        make_user(username=taken)
    answer = client.post("/api/auth/register", json=NEW | {"username": name})
    assert answer.status_code == 422
    assert [error["message"] for error in answer.json["errors"]] == [LOOKS_TAKEN]


@pytest.mark.parametrize("name", ["Paul1", "IT1", "McAll", "AnnaL", "all", "B1"])
def test_others_with_an_l_are_free(client: Any, make_user: Any, name: str) -> None:
    for taken in ("admin", "pauli", "mcaii", "annai", "ail"):
        make_user(username=taken)
    assert client.post("/api/auth/register", json=NEW | {"username": name}).status_code == 201


def test_what_can_be_told_apart_has_not() -> None:
    names = ["anna", "hanna", "ruth", "maria", "mario", "client1", "client2", "client11", "müller", "muller", "анна"]
    assert len({skeleton_of(name) for name in names}) == len(names)


WITH_MARKS = (
    "राहुल", "दीपिका", "कृष्ण.1", "রহমান", "ক্ষমা", "ਗੁਰਪ੍ਰੀਤ", "વિજય", "வேலு", "రాజు", "ಕೃಷ್ಣ", "അനിൽകുമാർ", "සුනිල්",
    "ด้วย", "กิ่งแก้ว", "ນ້ອຍ", "အောင်", "မြို့", "ស្រីមុំ", "བསྟན", "ޢަލީ", "דָּוִד", "שָׁלוֹם", "مُحَمَّد", "مُحَمَّد-1",
    "Ọlọ́runtóbi", "g\u0303uarani", "ш\u0301ура",
)  # fmt: skip


@pytest.mark.parametrize("name", WITH_MARKS)
def test_names_with_the_marks_of_their_script_are_taken(client: Any, name: str) -> None:
    answer = client.post("/api/auth/register", json=NEW | {"username": name})
    assert (answer.status_code, answer.json["user"]["username"]) == (201, unicodedata.normalize("NFC", name))
    again = client.post("/api/auth/login", json={"username": name, "password": NEW["password"]})
    assert again.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "\u093eराम",
        "\u0301anna",
        "an-\u0301na",
        "a1\u0301",
        "_\u0947",
        "anna\u0947",
        "राम\u0301",
        "عمر\u0301",
        "אנה\u064e",
        "анна\u0483",
        "i\u0307van",
        "l\u0335ena",
        "lena\u0332",
        "anna\u20dd",
        "q" + "\u0301\u0303\u0304\u0308\u0300",
        "q\u0301\u0301",
        "က" + "\u103c\u102d\u102f\u1037\u103a",
        "अ\u093eकाश",
        "क\u093e\u0947",
        "এ\u09c7ক",
    ],
)
def test_marks_out_of_place_are_not(client: Any, name: str) -> None:
    answer = client.post("/api/auth/register", json=NEW | {"username": name})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/username"


def test_people_of_such_names_are_found(make_user: Any) -> None:
    for name in ("राहुल", "सुनील", "สมชาย.กิ่งแก้ว", "مُحَمَّد"):
        make_user(username=name)
    for q, found in (("राहुल", "राहुल"), ("सुनी", "सुनील"), ("กิ่งแก้ว", "สมชาย.กิ่งแก้ว"), ("مُحَمَّد", "مُحَمَّد")):
        page = fetch(db.session, USERS, query_schema(USERS)(q=q), staff=True)
        assert [row.username for row in page.rows] == [found], q


def test_names_that_differ_by_points_look_alike(client: Any, make_user: Any) -> None:
    assert skeleton_of("مُحَمَّد") == skeleton_of("محمد")
    assert skeleton_of("דָּוִד") == skeleton_of("דוד")
    assert len({skeleton_of(name) for name in ("कमल", "कमला", "कमली", "कोमल", "काम")}) == 5
    make_user(username="محمد")
    answer = client.post("/api/auth/register", json=NEW | {"username": "مُحَمَّد"})
    assert [error["message"] for error in answer.json["errors"]] == [LOOKS_TAKEN]


@pytest.mark.parametrize(
    ("name", "message"),
    [("\u0430dmin", ONE_SCRIPT), ("aIice", LOOKS_TAKEN), ("\u0441\u043e\u0441\u043e", LOOKS_TAKEN)],
)
def test_registration_refuses_it(client: Any, make_user: Any, name: str, message: str) -> None:
    make_user(username="alice")
    make_user(username="coco")
    answer = client.post("/api/auth/register", json=NEW | {"username": name})
    assert answer.status_code == 422
    assert [(error["pointer"], error["message"]) for error in answer.json["errors"]] == [("/username", message)]
    page = client.post("/register", data=NEW | {"username": name})
    assert page.status_code == 422
    assert message in page.text


@pytest.mark.parametrize(("name", "message"), [("m\u0430nager", ONE_SCRIPT), ("aIice", LOOKS_TAKEN)])
def test_invitation_refuses_it_and_stays_good(client: Any, make_user: Any, name: str, message: str) -> None:
    make_user(username="alice")
    invited = make_user(role="client", password=None, status="invited", company_role="member", email_confirmed_at=None)
    token = one_time_tokens.issue("invitation", lifetime=timedelta(days=7), user_id=invited.id)
    db.session.commit()
    client.get(f"/invitation?token={token}")
    refused = client.post("/invitation", data={"username": name, "password": NEW["password"]})
    assert refused.status_code == 422
    assert message in refused.text
    assert client.post("/invitation", data={"username": "lena", "password": NEW["password"]}).status_code == 303


@pytest.mark.parametrize("name", ["\u0430dmin", "aIice"])
def test_create_admin_refuses_it(app: Any, make_user: Any, name: str) -> None:
    make_user(username="alice")
    given = f"{name}\nroot@diglit.test\n{PASSWORD}\n{PASSWORD}\n"
    result = app.test_cli_runner().invoke(args=["create-admin"], input=given)
    assert result.exit_code != 0
    assert db.session.scalar(select(User).where(User.email == "root@diglit.test")) is None


def test_a_name_that_an_address_makes_looks_like_nobodys(as_admin: Any, make_user: Any) -> None:
    make_user(username="alice")
    as_admin.post("/admin/users/new", data={"email": "a1ice@example.com", "role": "manager"})
    invited = db.session.scalar(select(User).where(User.email == "a1ice@example.com"))
    assert invited is None or skeleton_of(invited.username) != skeleton_of("alice")
    assert invited is not None


@pytest.mark.parametrize(("email", "name"), [("анна@example.com", "anna"), ("müller@example.com", "muller")])
def test_an_address_of_another_script_makes_a_name_in_latin_letters(as_admin: Any, email: str, name: str) -> None:
    as_admin.post("/admin/users/new", data={"email": email, "role": "manager"})
    assert db.session.scalar(select(User.username).where(User.email == email)) == name


def test_database_keeps_it(make_user: Any) -> None:
    make_user(username="alice")
    bob = make_user(username="bob")
    audit_as(db.session, actor=SYSTEM, action="update")
    bob.username = "aIice"
    with pytest.raises(IntegrityError, match="users_name_skeleton_key"):
        db.session.flush()
