"""Two people edit one record: different fields both stand; the same field shows both values."""

from decimal import Decimal

import pytest

from app.catalog import operations
from app.catalog.kinds import products, services, solutions
from app.catalog.schemas import OfferingInput
from app.core import records
from app.core.audit import SYSTEM
from app.core.changes.history import history_of
from app.core.changes.merge import three_way
from app.core.changes.states import state_at
from app.core.kinds import editing_of
from app.core.records import get_record


@pytest.fixture
def product(make_product):
    return make_product(name="Atlas", price=Decimal("10.10"), features=["a", "b"], icon="")


@pytest.fixture
def other(make_user):
    return make_user(role="manager")


def changed(session, record, changes, actor=SYSTEM, update=operations.update_product):
    update(record, changes, actor=actor)
    session.commit()


def test_nobody_else_changed_anything(db_session, product):
    merge = three_way(db_session, products, product, product.version, {"name": "Atlas", "price": Decimal("11.00")})
    assert merge.changes == {"price": Decimal("11.00")}
    assert merge.theirs == merge.conflicts == ()


def test_different_fields_both_stand(db_session, product, other):
    base = product.version
    changed(db_session, product, {"price": Decimal("12.00")}, other)
    merge = three_way(db_session, products, product, base, {"name": "Atlas 2", "price": Decimal("10.10")})
    assert merge.changes == {"name": "Atlas 2"}
    assert [(t.field, t.base, t.value, t.actor_name) for t in merge.theirs] == [
        ("price", Decimal("10.10"), Decimal("12.00"), other.username)
    ]
    assert merge.conflicts == ()


def test_the_same_field_is_a_conflict_that_shows_all_three_values(db_session, product, other):
    base = product.version
    changed(db_session, product, {"price": Decimal("12.00")}, other)
    (conflict,) = three_way(db_session, products, product, base, {"price": Decimal("13.00")}).conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == (Decimal("10.10"), Decimal("12.00"), Decimal("13.00"))
    assert (conflict.label, conflict.base_text, conflict.mine_text) == ("Price", "10.10", "13.00")
    assert conflict.actor_name == other.username


def test_the_same_value_on_both_sides_is_no_conflict(db_session, product):
    base = product.version
    changed(db_session, product, {"price": Decimal("12.00"), "features": ["b"]})
    merge = three_way(db_session, products, product, base, {"price": Decimal(12), "features": ["b"]})
    assert merge.changes == {}
    assert merge.conflicts == ()


def test_the_base_is_found_behind_several_changes(db_session, product):
    base = product.version
    for price in ("11", "12", "10.10"):
        changed(db_session, product, {"price": Decimal(price)})
    changed(db_session, product, {"name": "Other"})
    merge = three_way(db_session, products, product, base, {"price": Decimal(20)})
    assert merge.changes == {"price": Decimal(20)}
    assert [t.field for t in merge.theirs] == ["name"]


def test_a_list_of_parts_counts_as_one_field(db_session, make_service_category, make_offering):
    category = make_service_category(offerings=[make_offering(name="One"), make_offering(name="Two")])
    base, seen = category.version, editing_of(services).values(category)["offerings"]
    first = OfferingInput(**{**seen[0], "price_from": "99"})
    changed(db_session, category, {"offerings": [first]}, update=operations.update_service_category)
    category = get_record(services, category.id, for_update=True)
    same = [OfferingInput(**offering) for offering in seen]
    assert three_way(db_session, services, category, base, {"offerings": same, "name": "New"}).changes == {
        "name": "New"
    }
    mine = [OfferingInput(**seen[1])]
    (conflict,) = three_way(db_session, services, category, base, {"offerings": mine}).conflicts
    assert conflict.field == "offerings"
    assert (conflict.base_text, conflict.theirs_text, conflict.mine_text) == ("One, Two", "One", "Two")
    assert [o["price_from"] for o in conflict.base] == [Decimal("35.00"), Decimal("35.00")]


def test_products_of_a_solution_are_named_in_a_conflict(db_session, make_product, make_solution):
    one, two = make_product(name="One"), make_product(name="Two")
    solution = make_solution(products=[one])
    base = solution.version
    changed(db_session, solution, {"product_ids": [two.id, one.id]}, update=operations.update_solution)
    solution = get_record(solutions, solution.id, for_update=True)
    (conflict,) = three_way(db_session, solutions, solution, base, {"product_ids": []}).conflicts
    assert (conflict.base_text, conflict.theirs_text, conflict.mine_text) == ("One", "Two, One", "")
    assert state_at(db_session, solutions, solution, base).product_ids == [one.id]


def test_archiving_meanwhile_is_no_change_of_a_field(db_session, product):
    base = product.version
    records.archive(product, actor=SYSTEM)
    records.restore(product, actor=SYSTEM)
    db_session.commit()
    assert three_way(db_session, products, product, base, {"name": "New"}).changes == {"name": "New"}


def test_history_tells_changes_newest_first_in_words(db_session, product, other):
    changed(db_session, product, {"price": Decimal("1234.50"), "features": ["b", "c"]}, other)
    update, create = history_of(db_session, products, product.id)
    price, features = sorted(update.fields, key=lambda f: f.label, reverse=True)
    assert (price.label, price.before, price.after) == ("Price", "10.10", "1,234.50")
    assert (features.added, features.removed) == (("c",), ("a",))
    assert (update.actor_name, update.action, create.action) == (other.username, "update", "create")
    assert {f.label: f.after for f in create.fields}["Name"] == "Atlas"
    assert history_of(db_session, products, product.id, before_id=update.entry_id) == [create]


def test_history_names_the_products_of_a_solution(db_session, make_product, make_solution):
    one, two = make_product(name="One"), make_product(name="Two")
    solution = make_solution(products=[one])
    changed(db_session, solution, {"product_ids": [two.id, one.id]}, update=operations.update_solution)
    change = history_of(db_session, solutions, solution.id)[0]
    assert {(part.verb, part.kind, part.label) for part in change.parts} == {
        ("added", "product", "Two"),
        ("changed", "product", "One"),
    }
