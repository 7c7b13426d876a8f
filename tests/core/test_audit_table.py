"""What a migration says of a table that is put under audit."""

from uuid import UUID

import psycopg
import pytest

ID = UUID(int=7)


@pytest.fixture
def owner(committed_db):
    with psycopg.connect(committed_db, autocommit=True) as connection:
        connection.execute("""
            create table orders (
                id uuid primary key, created_at timestamptz not null default now(),
                updated_at timestamptz not null default now(), version bigint not null default 1,
                number text not null, secret text not null default '',
                search tsvector generated always as (to_tsvector('diglit', number)) stored)""")
        yield connection


def put(owner, **values):
    fields = {"id": ID, "number": "Quokka", **values}
    owner.execute(
        f"insert into orders ({', '.join(fields)}) values ({', '.join(['%s'] * len(fields))})", [*fields.values()]
    )


def entries(owner):
    return owner.execute(
        "select action, record_label, before, after - 'id' - 'created_at' from audit_entries "
        "where table_name = 'orders' order by id"
    ).fetchall()


def words(owner):
    return owner.execute("select word from search_words where word in ('quokka', 'numbat') order by word").fetchall()


def test_a_record_is_called_by_its_label_and_its_secrets_stay_out(owner):
    owner.execute("call audit_table('orders', label => 'number', hidden => array['secret'])")
    put(owner, secret="x")
    owner.execute("update orders set number = 'Numbat', secret = 'y'")
    assert entries(owner) == [
        ("create", "Quokka", None, {"number": "Quokka"}),
        ("update", "Numbat", {"number": "Quokka"}, {"number": "Numbat"}),
    ]
    assert owner.execute("select version from orders").fetchone() == (2,)


def test_words_are_learnt_where_it_is_said_and_only_there(owner):
    owner.execute("call audit_table('orders')")
    put(owner)
    assert words(owner) == []
    owner.execute("call audit_table('orders', teaches => true)")
    owner.execute("update orders set number = 'Numbat'")
    assert words(owner) == [("numbat",)]


def test_a_table_is_put_under_audit_anew(owner):
    owner.execute("call audit_table('orders', teaches => true)")
    owner.execute("call audit_table('orders', hidden => array['number'])")
    put(owner)
    owner.execute("update orders set number = 'Numbat'")
    assert entries(owner) == [("create", None, None, {"secret": ""})]
    assert words(owner) == []
    assert owner.execute("select version from orders").fetchone() == (2,)


def test_final_rows_are_written_down_once_and_stay(owner):
    owner.execute("call audit_table('orders', label => 'number', final => true)")
    put(owner)
    for statement in ("update orders set number = 'x'", "delete from orders", "truncate orders"):
        with pytest.raises(psycopg.Error, match="written once"):
            owner.execute(statement)
    assert [entry[:2] for entry in entries(owner)] == [("create", "Quokka")]
    counted = owner.execute("select sum(total), sum(live) from data_versions where table_name = 'orders'")
    assert counted.fetchone() == (1, 1)
