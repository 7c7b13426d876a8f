"""What the reference domain does, for `tests/cross/test_reference_domain.py`, which runs this file in a process of its
own: its tables, permissions and pages are not to be there for any other test."""

import re
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import CheckConstraint, inspect, select, text
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.auth.people.merge_operations import merge_companies
from app.core.domain import install
from app.core.events import Event
from app.core.numbering import next_number
from app.core.steps import declared
from app.core.tenancy import as_system
from app.domains import DOMAINS
from app.extensions import db
from app.notifications.models import Notification
from config import ROOT
from tests.client import PortalClient
from tests.conftest import settings_for
from tests.factories.events import deliver, published
from tests.reference.orders import DOMAIN
from tests.reference.orders.models import Order, OrderLine, Payment
from tests.reference.orders.operations import record_payment

install((*DOMAINS, DOMAIN))
LINES = [{"title": "Review", "quantity": 2, "unit_price": "480.00"}, {"title": "Report", "unit_price": "90.50"}]
FORM = {"currency": "EUR", "lines-0-title": "Review", "lines-0-quantity": "2", "lines-0-unit_price": "480"}


def code_of(answer):
    return answer.json["type"].partition("#problem-")[2]


@pytest.fixture(scope="session")
def app(postgres, tmp_path_factory):
    name = postgres.clone()
    app = create_app(settings_for(postgres.url_of(name), DATA_DIR=tmp_path_factory.mktemp("data")))
    app.testing, app.test_client_class = True, PortalClient
    with psycopg.connect(postgres.url_of(name)) as connection:
        connection.execute((ROOT / "tests" / "reference" / "orders" / "tables.sql").read_text())
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.drop(name)


@pytest.fixture
def person(make_user):
    return make_user(role="client")


@pytest.fixture
def program(api, person):
    return api(person)


@pytest.fixture
def order(program):
    answer = program.post("/api/orders", json={"lines": LINES})
    assert answer.status_code == 201, answer.text
    return answer.json


@pytest.fixture
def browser(app, sign_in, person):
    return sign_in(app.test_client(), person)


def test_a_company_orders_for_itself(program, person, order):
    assert (order["client_id"], order["number"], order["status"]) == (str(person.client_id), "Draft", "draft")
    assert (order["total"], [line["title"] for line in order["lines"]]) == ("1050.50", ["Review", "Report"])
    assert program.get("/api/orders").json == [order]


def test_another_company_finds_nothing_of_it(api, make_user, order):
    other = api(make_user(role="client"))
    one = f"/api/orders/{order['id']}"
    assert other.get("/api/orders").json == []
    answers = [other.get(one), other.patch(one, json={"note": "x"}), other.post(f"{one}/place")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_staff_give_a_draft_to_another_company_and_its_people_do_not(api, make_user, program, order):
    one, other = f"/api/orders/{order['id']}", make_user(role="client")
    to_other = {"client_id": str(other.client_id)}
    assert program.patch(one, json=to_other).status_code == 404
    moved = api(make_user(role="manager")).patch(one, json=to_other)
    assert moved.json["client_id"] == str(other.client_id)
    assert program.get(one).status_code == 404
    assert [line["title"] for line in api(other).get(one).json["lines"]] == ["Review", "Report"]


def test_who_has_no_company_and_who_is_no_customer_have_no_orders(api, make_user, as_expert, order):
    assert as_expert.get("/dashboard/orders").status_code == 403
    assert api(make_user(role="expert")).get("/api/orders").status_code == 403
    assert api(make_user(role="manager")).get("/api/orders", query_string={"client_id": order["client_id"]}).json != []
    named = api(make_user(role="client")).get("/api/orders", query_string={"client_id": order["client_id"]})
    assert named.status_code == 404


def test_lines_stay_the_rows_that_they_are(program, order):
    first, second = order["lines"]
    sent = [{**second, "quantity": 3}, {"title": "Travel", "unit_price": "12.00"}]
    changed = program.patch(f"/api/orders/{order['id']}", json={"lines": sent}).json["lines"]
    assert [line["title"] for line in changed] == ["Report", "Travel"]
    assert changed[0]["id"] == second["id"]
    assert first["id"] not in {line["id"] for line in changed}


def test_placing_gives_the_next_number_and_one_event(program, order):
    one, again = f"/api/orders/{order['id']}", program.post("/api/orders", json={"lines": LINES}).json
    placed = [program.post(f"/api/orders/{each['id']}/place").json for each in (order, again)]
    assert [(each["number"][4:], each["status"]) for each in placed] == [("-0001", "placed"), ("-0002", "placed")]
    assert len(published("order.placed")) == 2
    refused = [program.patch(one, json={"note": "x"}), program.post(f"{one}/place")]
    assert [code_of(answer) for answer in refused] == ["wrong-step", "wrong-step"]


def test_nothing_is_placed_without_lines(program):
    empty = program.post("/api/orders", json={}).json
    assert code_of(program.post(f"/api/orders/{empty['id']}/place")) == "nothing-ordered"


def test_staff_and_the_company_are_told_of_its_steps(as_manager, program, person, order):
    program.post(f"/api/orders/{order['id']}/place")
    assert as_manager.post(f"/admin/orders/{order['id']}/deliver").status_code == 303
    deliver()
    assert {label[4:] for label in db.session.scalars(select(Event.record_label))} == {"-0001"}
    told = db.session.execute(select(Notification.user_id, Notification.title)).all()
    assert {(user_id, title[4:]) for user_id, title in told} == {
        (as_manager.user.id, "-0001 was placed"),
        (person.id, "-0001 is delivered"),
    }


def test_payments_add_up_and_are_final(api, make_user, program, order):
    staff, one = api(make_user(role="manager")), f"/api/orders/{order['id']}"
    payment = {"amount": "1000.00", "paid_on": "2026-12-01"}
    assert staff.post(f"{one}/pay", json=payment).status_code == 409
    program.post(f"{one}/place")
    assert staff.post(f"{one}/pay", json=payment).json["paid"] == "1000.00"
    assert staff.post(f"{one}/pay", json={**payment, "amount": "50.50"}).json["paid"] == "1050.50"
    assert program.post(f"{one}/pay", json=payment).status_code == 403
    assert program.post(f"{one}/deliver").status_code == 403
    assert program.get(one).json["paid"] == "1050.50"
    for change in ("update payments set amount = 1", "delete from payments"):
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text(change))


def test_payments_lie_below_their_order(api, make_user, program, order):
    staff, one = api(make_user(role="manager")), f"/api/orders/{order['id']}"
    payments, payment = f"{one}/payments", {"amount": "1000.00", "paid_on": "2026-12-01"}
    assert staff.post(payments, json=payment).status_code == 409
    program.post(f"{one}/place")
    made = staff.post(payments, json=payment)
    assert made.headers["Location"] == f"{payments}/{made.json['id']}"
    assert made.json == {"id": made.json["id"], "order_id": order["id"], **payment}
    second = staff.post(payments, json={**payment, "amount": "50.50"}).json
    assert program.get(payments).json == [second, made.json]
    page = program.get(f"{payments}?limit=1&sort=created_at")
    assert (page.json, page.headers["X-Total-Count"]) == ([made.json], "2")
    assert program.get(re.search(r"<[^>]*(/api/[^>]*)>", page.headers["Link"])[1]).json == [second]
    assert program.get(made.headers["Location"]).json == made.json
    assert program.get(one).json["paid"] == "1050.50"
    assert program.get(f"{payments}?order={order['id']}").status_code == 422


def test_payments_are_hidden_and_kept_with_their_order(api, make_user, program, order):
    staff, one = api(make_user(role="manager")), f"/api/orders/{order['id']}"
    payment = {"amount": "1000.00", "paid_on": "2026-12-01"}
    program.post(f"{one}/place")
    made = staff.post(f"{one}/payments", json=payment).headers["Location"]
    assert program.post(f"{one}/payments", json=payment).status_code == 403
    stranger, other = api(make_user(role="client")), program.post("/api/orders", json={}).json["id"]
    elsewhere = made.replace(order["id"], other)
    read = [stranger.get(f"{one}/payments"), stranger.get(made), program.get(elsewhere), staff.get(elsewhere)]
    assert [answer.status_code for answer in read] == [404] * 4
    assert program.get(f"/api/orders/{other}/payments").json == []
    assert staff.post("/api/orders/nothing/payments", json=payment).status_code == 404
    assert [staff.patch(made, json=payment).status_code, staff.delete(made).status_code] == [405, 405]


def test_a_merge_takes_orders_with_their_lines_and_payments_along(program, person, order, make_user):
    staff, target, one = make_user(role="admin"), make_user(role="client"), f"/api/orders/{order['id']}"
    program.post(f"{one}/place")
    with as_system("a test"):
        placed = db.session.get(Order, order["id"])
        record_payment(placed, amount=Decimal(5), paid_on=date(2026, 12, 1), actor=staff)
        merge_companies(person.client_id, target.client_id, actor=staff)
        db.session.commit()
        for model in (Order, OrderLine, Payment):
            assert set(db.session.scalars(select(model.client_id))) == {target.client_id}
        assert next_number(target.client_id, "order", placed.number[:4]) == 2
        for change in ("update payments set client_id = client_id", "update payments set amount = 1"):
            with pytest.raises(DBAPIError), db.session.begin_nested():
                db.session.execute(text(change))


def test_a_company_works_with_it_on_its_pages(browser, order):
    assert 'name="currency"' in browser.get("/dashboard/orders/new").text
    made = browser.post("/dashboard/orders/new", data=FORM)
    assert made.status_code == 303, made.text
    assert made.headers["Location"].startswith("/dashboard/orders/")
    page = browser.get(made.headers["Location"]).text
    assert "Review" in page
    assert f'action="{made.headers["Location"]}/place"' in page
    assert f'action="{made.headers["Location"]}/deliver"' not in page
    assert browser.post(f"{made.headers['Location']}/deliver").status_code in (404, 405)
    assert browser.post(f"{made.headers['Location']}/place").status_code == 303
    listed = browser.get("/dashboard/orders?status=placed").text
    assert "-0001" in listed
    assert order["id"] not in listed
    assert "placed" in browser.get(f"{made.headers['Location']}/history").text.lower()


def test_staff_have_its_pages_and_no_one_else_theirs(as_manager, browser, make_user, order):
    page = as_manager.get(f"/admin/orders/{order['id']}")
    assert page.status_code == 200
    assert f'<a href="/admin/clients/{order["client_id"]}">' in page.text
    assert as_manager.get(f"/dashboard/orders/{order['id']}").headers["Location"] == f"/admin/orders/{order['id']}"
    assert as_manager.get("/admin/orders/export.csv").status_code == 200
    one = f"/admin/orders/{order['id']}"
    read = [browser.get(path).status_code for path in (one, f"{one}/edit", "/admin/orders/new")]
    sent = [browser.post(path).status_code for path in (f"{one}/place", f"{one}/deliver", f"{one}/pay", f"{one}/edit")]
    assert read + sent == [403] * 7


def test_staff_take_no_steps_on_a_company_s_page(as_manager, order, program):
    taken = as_manager.post(f"/dashboard/orders/{order['id']}/place")
    assert (taken.status_code, taken.headers["Location"]) == (303, f"/admin/orders/{order['id']}")
    assert program.get(f"/api/orders/{order['id']}").json["status"] == "draft"


def test_a_company_changes_its_order_on_its_page(browser, program, order):
    page = browser.get(f"/dashboard/orders/{order['id']}/edit").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert 'name="client_id"' not in page
    line = order["lines"][0]
    form = {**FORM, "note": "By Friday", "version": version[1], "lines-0-id": line["id"], "lines-0-title": "Audit"}
    assert browser.post(f"/dashboard/orders/{order['id']}/edit", data=form).status_code == 303
    changed = program.get(f"/api/orders/{order['id']}").json
    assert (changed["note"], [one["title"] for one in changed["lines"]]) == ("By Friday", ["Audit"])
    assert changed["lines"][0]["id"] == line["id"]


def test_an_order_is_edited_while_its_state_allows_it_and_its_page_says_when_not(browser, as_manager, program, order):
    own, ours = f"/dashboard/orders/{order['id']}", f"/admin/orders/{order['id']}"
    for person, page in ((browser, own), (as_manager, ours)):
        assert len(re.findall(rf'href="{page}/edit[^>]*>.*?Edit</a>', person.get(page).text)) == 1
    assert browser.post(f"{own}/place").status_code == 303
    for person, page in ((browser, own), (as_manager, ours)):
        text = person.get(page).text
        assert f"{page}/edit" not in text
        assert "is placed, and can’t be changed." in text
        answer = person.get(f"{page}/edit", follow_redirects=True)
        assert "can’t be changed." in re.search(r'class="flash.*?</div>', answer.text, re.DOTALL)[0]
    assert program.post(f"/api/orders/{order['id']}/edit").status_code == 404


def test_a_list_without_a_search_is_in_nobodys_way(program, as_manager):
    program.post("/api/orders", json={"lines": LINES})
    assert program.get("/api/orders?q=draft").status_code == 422
    for page in ("/admin/palette?q=draft", "/admin/orders?q=draft"):
        assert as_manager.get(page).status_code == 200


def test_the_schema_is_that_of_the_models_and_the_api_is_documented(app, client):
    document = client.get("/api/openapi.json")
    assert document.status_code == 200
    assert "/api/orders/{reference}/pay" in document.json["paths"]
    ours = inspect(db.session.connection())
    for model in (Order, OrderLine, Payment):
        table = model.__table__
        indexes = {index["name"]: index["column_names"] for index in ours.get_indexes(table.name)}
        checks = {check["name"] for check in ours.get_check_constraints(table.name)}
        assert [index.name for index in table.indexes if index.name not in indexes] == []
        declared_checks = {rule.name for rule in table.constraints if isinstance(rule, CheckConstraint)}
        assert checks == declared_checks
        assert {column["name"] for column in ours.get_columns(table.name)} == set(table.c.keys())


def test_the_database_keeps_its_states_as_they_are_declared(app, db_session):
    steps = next(one for one in declared() if one.table == "orders")
    known = db.session.scalar(
        text("select pg_get_constraintdef(oid) from pg_constraint where conname = 'orders_status_check'")
    )
    assert [name for name in steps.names if f"'{name}'" not in known] == []
