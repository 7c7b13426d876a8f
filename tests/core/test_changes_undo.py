"""What was changed can be put back, as far as nobody has changed it since."""

import tracemalloc
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text

from app.catalog import operations
from app.catalog.kinds import products, services, solutions
from app.catalog.models import Product
from app.catalog.schemas import OfferingInput, ProductInput
from app.core import clock
from app.core.audit import SYSTEM, AuditEntry
from app.core.changes import applying, putting_back, reversal, staging, undo
from app.core.changes.history import history_of
from app.core.changes.models import ChangeRow, State
from app.core.errors import NotFound, Refused
from app.core.ids import new_id
from app.core.kinds import editing_of
from app.core.records import get_record
from app.core.tenancy import as_system
from app.extensions import db


def changed(session, record, changes, update=operations.update_product):
    update(record, changes, actor=SYSTEM)
    session.commit()
    resource = {"products": products, "solutions": solutions}.get(record.__tablename__, services)
    return history_of(session, resource, record.id)[0]


def undone(session, resource, record, change, actor=SYSTEM):
    undo_set = undo.undo_change(session, change.id, actor=actor, kind=resource, record_id=record.id)
    session.commit()
    return undo_set


def test_an_update_is_put_back_exactly_and_told_in_the_history(db_session, make_product, make_user):
    product = make_product(price=Decimal("1499.10"), features=["a", "b"])
    before = editing_of(products).values(product)
    change = changed(db_session, product, {"price": Decimal("1.00"), "features": [], "name": "X"})
    user = make_user(role="manager")
    assert undone(db_session, products, product, change, user).state == State.APPLIED
    assert editing_of(products).values(get_record(products, product.id)) == before
    latest, update, _ = history_of(db_session, products, product.id)
    assert (latest.action, latest.actor_name, update.undone, update.can_be_undone) == (
        "undo", user.username, True, False,
    )  # fmt: skip


def test_an_undo_can_be_undone_and_the_change_undone_again(db_session, make_product):
    product = make_product(price=Decimal("1.00"))
    change = changed(db_session, product, {"price": Decimal("2.00")})
    for expected, is_undone in (("1.00", True), ("2.00", False), ("1.00", True), ("2.00", False)):
        undone(db_session, products, product, history_of(db_session, products, product.id)[0])
        assert get_record(products, product.id).price == Decimal(expected)
        assert next(c for c in history_of(db_session, products, product.id) if c.id == change.id).undone == is_undone


def test_a_later_edit_is_kept_and_reported_and_the_rest_can_be_undone(db_session, make_product):
    product = make_product(name="Old", price=Decimal("1.00"))
    change = changed(db_session, product, {"name": "New", "price": Decimal("2.00")})
    changed(db_session, product, {"price": Decimal("3.00")})
    undo_set = undone(db_session, products, product, change)
    assert (undo_set.state, undo_set.rows_changed, undo_set.rows_conflict) == (State.PREVIEWED, 1, 1)
    row = db_session.scalars(select(ChangeRow)).one()
    assert (row.before, row.after) == ({"price": Decimal("3.00")}, {"price": Decimal("1.00")})
    assert get_record(products, product.id).name == "New"
    undo.carry_out(db_session, undo_set, actor=SYSTEM)
    db_session.commit()
    product = get_record(products, product.id)
    assert (product.name, product.price) == ("Old", Decimal("3.00"))


def test_twice_is_told(db_session, make_product):
    product = make_product()
    change = changed(db_session, product, {"name": "New"})
    undone(db_session, products, product, change)
    with pytest.raises(undo.UndoneAlready, match="system has undone"):
        undone(db_session, products, product, change)


def test_after_thirty_days_it_is_too_late(db_session, make_product):
    product = make_product()
    change = changed(db_session, product, {"name": "New"})
    with clock.shifted(timedelta(days=30, minutes=1)), pytest.raises(undo.TooLateToUndo):
        undone(db_session, products, product, change)
    with clock.shifted(timedelta(days=29)):
        assert undone(db_session, products, product, change).state == State.APPLIED


def test_there_is_no_such_change(db_session, make_product):
    with pytest.raises(NotFound):
        undo.undo_change(db_session, new_id(), actor=SYSTEM, kind=products, record_id=make_product().id)


def test_changes_to_accounts_are_not_undone_here(db_session, make_user):
    user = make_user(role="manager")
    change = db_session.scalar(select(AuditEntry.change_id).where(AuditEntry.record_id == user.id))
    with pytest.raises(Refused):
        undo.stage_undo(db_session, actor=SYSTEM, change_id=change)


def test_a_creation_is_undone_by_deletion_and_redone(db_session):
    product = operations.create_product(ProductInput(name="One", category="c", price="1.50"), actor=SYSTEM)
    db_session.commit()
    key, values = product.id, editing_of(products).values(product)
    change = history_of(db_session, products, key)[0]
    undo_set = undone(db_session, products, product, change)
    assert db_session.get(Product, key) is None
    redo = undo.stage_undo(db_session, actor=SYSTEM, change_set=undo_set)
    undo.preview_undo(db_session, redo)
    undo.carry_out(db_session, redo, actor=SYSTEM)
    db_session.commit()
    again = get_record(products, key)
    assert editing_of(products).values(again) == values
    assert again.version > 1


def test_a_created_record_in_use_is_archived_instead(db_session, make_solution):
    product = operations.create_product(ProductInput(name="One", category="c", price="1"), actor=SYSTEM)
    db_session.commit()
    change = history_of(db_session, products, product.id)[0]
    make_solution(products=[product])
    assert undone(db_session, products, product, change).state == State.APPLIED
    assert get_record(products, product.id).is_archived


def test_a_created_record_that_was_changed_since_stays(db_session):
    product = operations.create_product(ProductInput(name="One", category="c", price="1"), actor=SYSTEM)
    db_session.commit()
    change = history_of(db_session, products, product.id)[0]
    changed(db_session, product, {"name": "Two"})
    assert undone(db_session, products, product, change).rows_conflict == 1
    assert get_record(products, product.id).name == "Two"


def test_a_slug_that_is_taken_by_now_is_a_conflict_not_a_crash(db_session, make_product):
    product = make_product(slug="old")
    change = changed(db_session, product, {"slug": "new", "name": "New"})
    make_product(slug="old")
    undo_set = undo.undo_change(db_session, change.id, actor=SYSTEM, kind=products, record_id=product.id)
    db_session.commit()
    assert (undo_set.state, undo_set.rows_done, undo_set.rows_conflict) == (State.PREVIEWED, 0, 1)
    assert "old" in db_session.scalars(select(ChangeRow)).one().problems[0]["message"]
    assert get_record(products, product.id).slug == "new"


def test_what_was_refused_is_not_undone_and_can_be_when_nothing_is_in_the_way(db_session, make_product):
    product = make_product(slug="old")
    change = changed(db_session, product, {"slug": "new"})
    other = make_product(slug="old")
    undone(db_session, products, product, change)
    assert not history_of(db_session, products, product.id)[0].undone
    changed(db_session, other, {"slug": "elsewhere"})
    assert undone(db_session, products, product, change).state == State.APPLIED
    assert get_record(products, product.id).slug == "old"


def test_parts_come_back_in_their_order_and_the_version_moves(db_session, make_service_category, make_offering):
    category = make_service_category(offerings=[make_offering(name="One"), make_offering(name="Two")])
    before, version = editing_of(services).values(category), category.version
    offerings = [OfferingInput(name="Three", price_from=3), OfferingInput(**before["offerings"][1])]
    change = changed(db_session, category, {"offerings": offerings}, operations.update_service_category)
    undone(db_session, services, category, change)
    category = get_record(services, category.id)
    assert editing_of(services).values(category) == before
    assert category.version > version + 1


def test_products_of_a_solution_come_back(db_session, make_product, make_solution):
    one, two = make_product(name="One"), make_product(name="Two")
    solution = make_solution(products=[one, two])
    change = changed(db_session, solution, {"product_ids": [two.id]}, operations.update_solution)
    undone(db_session, solutions, solution, change)
    assert get_record(solutions, solution.id).product_ids == [one.id, two.id]


def test_plain_sql_can_be_undone_too(db_session, make_product):
    product = make_product(price=Decimal("1.00"))
    db_session.execute(text("update products set price = price * 2"))
    db_session.commit()
    db_session.refresh(product)
    undone(db_session, products, product, history_of(db_session, products, product.id)[0])
    assert get_record(products, product.id).price == Decimal("1.00")


def test_the_undo_of_much_text_holds_little_of_it_and_can_be_undone(db_session, make_product, monkeypatch):
    for module in (reversal, putting_back):
        monkeypatch.setattr(module, "CHUNK", 50)
    product = make_product(name="Short", description="Short")
    file = "name,category,price,currency,description\n" + "".join(
        f"Shelf {number},Shelves,{number}.50,EUR,{'Solid oak. ' * 400}\n" for number in range(1_500)
    )
    file += f"Short,Shelves,1.00,EUR,{'Solid oak. ' * 400}\n"
    imported = staging.stage_import(db_session, products, file.encode(), filename="", actor=SYSTEM)
    staging.preview_import(db_session, imported)
    applying.apply(db_session, imported, actor=SYSTEM)
    db_session.commit()
    db_session.expunge_all()

    undo_set, most, heard = most_of_undo(db_session, imported)
    assert (undo_set.rows_done, undo_set.rows_conflict) == (1_501, 0)
    assert db_session.scalar(select(func.count()).select_from(Product)) == 1
    assert db_session.get(Product, product.id).description == "Short"
    assert heard == sorted(heard)
    assert heard[-1] == 1_501

    redone, most_again, _ = most_of_undo(db_session, undo_set)
    assert (redone.rows_done, redone.rows_conflict) == (1_501, 0)
    assert (
        db_session.scalar(select(func.count()).where(Product.description == "Solid oak. " * 399 + "Solid oak."))
        == 1_501
    )
    assert max(most, most_again) < 4_000_000, "it holds the values of all rows at once"


def most_of_undo(session, change_set):
    """The undo carried out, the bytes that it held at most, and how far it said it was."""
    heard = []
    undo_set = undo.stage_undo(session, actor=SYSTEM, change_set=change_set)
    tracemalloc.start()
    undo.preview_undo(session, undo_set)
    undo.carry_out(session, undo_set, actor=SYSTEM, done=heard.append)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    session.commit()
    session.expunge_all()
    return session.merge(undo_set), most, heard


def test_of_two_who_undo_at_once_one_does_and_the_other_is_told(app, committed_db, db_session, make_product):
    product = make_product(price=Decimal("1.00"))
    key = product.id
    change = changed(db_session, product, {"price": Decimal("2.00")})
    db_session.commit()
    barrier, outcomes = Barrier(2), []

    def attempt():
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                undo_set = undo.undo_change(db.session, change.id, actor=SYSTEM, kind=products, record_id=key)
                db.session.commit()
                outcomes.append(undo_set.state)
            except undo.UndoneAlready:
                db.session.rollback()
                outcomes.append("told")

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", "told"]
    db_session.expire_all()
    assert get_record(products, key).price == Decimal("1.00")


def test_discarding_a_previewed_undo_changes_nothing(db_session, make_product):
    product = make_product(price=Decimal("1.00"))
    change = changed(db_session, product, {"price": Decimal("2.00"), "name": "New"})
    changed(db_session, product, {"price": Decimal("3.00")})
    undo_set = undone(db_session, products, product, change)
    staging.discard(db_session, undo_set)
    db_session.commit()
    assert undo_set.state == State.DISCARDED
    assert get_record(products, product.id).name == "New"
