"""Every change to a business row leaves an exact entry in its transaction, whoever makes it."""

from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.catalog import operations
from app.catalog.schemas import OfferingInput, ProductInput, ServiceCategoryInput
from app.core.audit import SYSTEM, AuditEntry, audit_as, using_audit_context
from app.core.ids import new_id


def entries(session, *conditions):
    return session.scalars(select(AuditEntry).where(*conditions).order_by(AuditEntry.id)).all()


def last(session):
    return session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def test_an_update_leaves_the_changed_fields_before_and_after(db_session, make_product, make_user):
    user = make_user(role="manager")
    product = make_product(price=Decimal("1499.10"), features=["a", "b c"])
    with using_audit_context(via="portal", request_id="r-1"):
        operations.update_product(product, {"price": Decimal("0.30"), "features": ["b c"]}, actor=user)
    db_session.commit()
    entry = last(db_session)
    assert entry.before == {"price": Decimal("1499.10"), "features": ["a", "b c"]}
    assert entry.after == {"price": Decimal("0.30"), "features": ["b c"]}
    assert (entry.actor_id, entry.actor_name, entry.action) == (user.id, user.username, "update")
    assert (entry.via, entry.request_id, entry.version) == ("portal", "r-1", product.version)


@pytest.mark.parametrize("amount", ["0.01", "0.10", "9999999999.99", "1499.10", "0.30"])
def test_amounts_come_back_digit_by_digit(db_session, make_product, amount):
    product = make_product(price=Decimal(amount))
    written = entries(db_session, AuditEntry.record_id == product.id)[0].after["price"]
    assert isinstance(written, Decimal)
    assert str(written) == amount


def test_a_creation_has_no_before_and_a_deletion_no_after(db_session, make_product):
    product = make_product()
    db_session.delete(product)
    db_session.commit()
    created, deleted = entries(db_session, AuditEntry.record_id == product.id)
    assert created.before is None
    assert created.after["archived_at"] is None
    assert deleted.after is None
    assert deleted.before == created.after


def test_a_row_that_did_not_change_leaves_no_entry(db_session, make_product):
    product = make_product()
    count = len(entries(db_session))
    db_session.execute(text("update products set name = name, updated_at = now() where id = :id"), {"id": product.id})
    assert len(entries(db_session)) == count


def test_plain_sql_is_audited_as_the_database_user(db_session):
    db_session.execute(
        text("insert into clients (id, name, created_at, updated_at) values (:id, 'Acme', now(), now())"),
        {"id": new_id()},
    )
    entry = last(db_session)
    assert entry.actor_id is None
    assert entry.actor_name == db_session.scalar(text("select session_user"))
    assert (entry.via, entry.action, entry.client_id) == ("sql", "create", entry.record_id)


def test_entries_of_one_transaction_share_their_change_and_no_other(db_session):
    for name in ("One", "Two"):
        operations.create_product(ProductInput(name=name, category="c", price="1"), actor=SYSTEM)
    db_session.commit()
    operations.create_product(ProductInput(name="Three", category="c", price="1"), actor=SYSTEM)
    db_session.commit()
    one, two, three = (e.change_id for e in entries(db_session, AuditEntry.table_name == "products"))
    assert one == two != three


def test_a_rolled_back_savepoint_takes_its_attribution_along(db_session, make_user):
    user = make_user(role="manager")
    audit_as(db_session, actor=SYSTEM, action="create")
    savepoint = db_session.begin_nested()
    audit_as(db_session, actor=user, action="update")
    savepoint.rollback()
    operations.create_product(ProductInput(name="One", category="c", price="1"), actor=SYSTEM)
    assert last(db_session).actor_name == "system"
    with db_session.begin_nested():
        operations.create_product(ProductInput(name="Two", category="c", price="1"), actor=user)
    operations.create_product(ProductInput(name="Three", category="c", price="1"), actor=SYSTEM)
    names = [e.actor_name for e in entries(db_session, AuditEntry.table_name == "products")]
    assert names == ["system", user.username, "system"]


def test_parts_carry_their_parent_and_its_version(db_session, make_service_category, make_offering):
    category = make_service_category(offerings=[make_offering(name="One")])
    kept = OfferingInput(id=category.offerings[0].id, name="One", price_from="36")
    operations.update_service_category(category, {"offerings": [kept]}, actor=SYSTEM)
    db_session.commit()
    entry = last(db_session)
    assert (entry.table_name, entry.parent_table, entry.parent_id) == ("offerings", "service_categories", category.id)
    assert entry.version == category.version
    assert entry.after == {"price_from": Decimal("36.00")}


def test_deleting_a_record_tells_of_its_parts_too(db_session, make_service_category, make_offering):
    category = make_service_category(offerings=[make_offering(), make_offering()])
    db_session.execute(text("delete from service_categories where id = :id"), {"id": category.id})
    deleted = entries(db_session, AuditEntry.after.is_(None))
    assert [e.table_name for e in deleted] == ["service_categories", "offerings", "offerings"]


def test_times_are_written_in_utc_whatever_the_session_says(db_session, make_product):
    db_session.execute(text("set local timezone = 'Asia/Kolkata'"))
    product = make_product(archived=True)
    written = entries(db_session, AuditEntry.record_id == product.id)[0].after["archived_at"]
    assert written.endswith("+00:00")


def test_secrets_stay_out(db_session, make_user):
    user = make_user(role="manager")
    assert all("password_hash" not in (e.after or {}) for e in entries(db_session, AuditEntry.record_id == user.id))


@pytest.mark.parametrize("statement", ["update audit_entries set actor_name = 'x'", "delete from audit_entries"])
def test_entries_are_final(db_session, make_product, statement):
    make_product()
    with pytest.raises(DBAPIError, match="permission denied"), db_session.begin_nested():
        db_session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    ["update audit_entries set actor_name = 'x'", "delete from audit_entries", "truncate audit_entries"],
)
def test_entries_are_final_for_the_owner_of_the_table_too(committed_db, make_product, statement):
    make_product()
    with psycopg.connect(committed_db) as owner, pytest.raises(psycopg.Error, match="written once"):
        owner.execute(statement)


def test_a_created_category_is_one_change(db_session):
    values = ServiceCategoryInput(name="Finance", offerings=[OfferingInput(name="One", price_from=1)])
    operations.create_service_category(values, actor=SYSTEM)
    db_session.commit()
    assert len({e.change_id for e in entries(db_session)}) == 1
