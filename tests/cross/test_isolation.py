"""What the fixtures promise."""

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import InternalError

from app.catalog.models import Product
from app.core import roles
from app.core.audit import AuditEntry
from app.extensions import db
from config import sqlalchemy_url


@pytest.mark.parametrize("_time", [1, 2])
def test_what_a_test_commits_is_gone_for_the_next(make_product, _time):
    assert db.session.scalars(select(Product)).all() == []
    make_product()
    assert db.session.scalars(select(Product)).one().name == "Sales analytics"


def test_a_factory_leaves_an_audit_entry(make_product):
    product = make_product()
    assert db.session.scalars(select(AuditEntry)).one().record_id == product.id


def test_what_is_committed_apart_is_a_change_of_its_own(make_product):
    make_product()
    make_product()
    db.session.execute(text("update products set name = 'x'"))
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.actor_name for entry in entries] == ["system", "system", *2 * [roles.own().application]]
    assert [entry.change_id for entry in entries[2:]] == [entries[2].change_id] * 2
    assert len({entry.change_id for entry in entries}) == 3


def test_other_connections_only_read(db_session):
    with db.engine.connect() as other, pytest.raises(InternalError, match="read-only"):
        other.execute(text("delete from products"))


def test_a_committed_database_is_seen_by_others(committed_db, make_product):
    product = make_product()
    engine = create_engine(sqlalchemy_url(committed_db))
    with engine.connect() as other:
        assert other.scalar(select(Product.id)) == product.id
    engine.dispose()
