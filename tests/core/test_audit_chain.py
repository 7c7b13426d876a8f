"""The audit's chains of hashes: what was altered, deleted, moved, put in or cut off shows, and nothing else does."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import text

from app.core.audit import SYSTEM, audit_as, record_event
from app.core.chain.checkpoints import Checkpoint, Unusable, last_checkpoint, signing_key, take_checkpoint
from app.core.chain.verifying import ALTERED, CUT_OFF, DELETED, ENTRIES, MOVED, START, UNSIGNED, Report, verify
from app.core.tenancy import SYSTEM as ALL
from app.core.tenancy import set_tenant
from app.extensions import db
from app.jobs.jobs import checkpoint_audit
from tests.factories import make_client_company, make_product, make_user

PUT = """
    insert into audit_entries (
        at, change_id, actor_name, via, action, table_name, record_id, after, chain, position, hash)
    select now(), gen_random_uuid(), 'x', 'sql', 'create', 'products', gen_random_uuid(), '{{}}', chain, {}, sha256('x')
      from audit_chains
"""
KEY = signing_key("a secret of at least thirty-two characters")
Tamper = Callable[..., None]
Verify = Callable[..., Report]


@pytest.fixture
def tamper(committed_db: str) -> Iterator[Tamper]:
    """Change the tables as somebody can who has the rights of their owner."""
    with psycopg.connect(committed_db, autocommit=True) as owner:

        def tamper(statement: str, *values: Any) -> None:
            owner.execute("set session_replication_role = replica")
            assert owner.execute(statement, values).rowcount != 0, statement  # type: ignore[arg-type]

        yield tamper


@pytest.fixture
def verified(committed_db: str, db_session: Any) -> Verify:
    def verified(*elsewhere: Checkpoint, keys: Any = None) -> Report:
        db_session.rollback()
        with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            return verify(connection, keys or [KEY.public_key()], elsewhere)

    return verified


@pytest.fixture
def written(committed_db: str, db_session: Any) -> list[int]:
    """Ten entries of one chain, one of them of an event; their ids."""
    for number in range(8):
        make_product(name=f"Product “{number}” \\ with, (odd) signs")
    record_event(db_session, actor=SYSTEM, action="theft", about=make_client_company(name="Zoë & Söhne"))
    db_session.commit()
    ids = list(db_session.scalars(text("select id from audit_entries order by position")))
    db_session.rollback()
    return ids


def test_what_was_only_written_is_clean(written, verified):
    report = verified()
    assert report.is_clean, report.first
    assert (report.entries, report.chains) == (10, 1)


def test_an_update_a_deletion_and_a_bulk_statement_are_chained_too(written, verified, db_session):
    audit_as(db_session, actor=SYSTEM, action="many")
    db_session.execute(text("update products set price = price + 1, name = name || '!'"))
    db_session.execute(text("delete from products where name like '%1%'"))
    db_session.execute(text("update products set description = description"))
    db_session.commit()
    report = verified()
    assert report.is_clean, report.first
    assert report.entries == 10 + 8 + 1


@pytest.mark.parametrize(
    "change",
    [
        "actor_name = 'somebody else'", "after = '{}'", "at = at + interval '1 microsecond'", "client_id = record_id",
        "request_id = ''", "version = 7", "action = 'updat'", "before = 'null'", "acting_as_name = 'x'",
    ],
)  # fmt: skip
def test_an_altered_entry_is_named(written, verified, tamper, change):
    tamper(f"update audit_entries set {change} where id = %s", written[4])
    report = verified()
    assert {kind: fault.entry_id for kind, fault in report.first.items()} == {ALTERED: written[4]}
    assert report.counts == {ALTERED: 1}


def test_one_altered_with_its_hash_shows_at_the_next(written, verified, tamper):
    tamper("update audit_entries set actor_name = 'x', hash = sha256('x') where id = %s", written[4])
    assert verified().counts[ALTERED] == 2


def test_one_deleted_in_the_middle_shows(written, verified, tamper):
    tamper("delete from audit_entries where id = %s", written[4])
    report = verified()
    assert set(report.first) == {DELETED}
    assert report.first[DELETED].entry_id == written[5]


def test_the_newest_deleted_shows(written, verified, tamper):
    tamper("delete from audit_entries where id = any(%s)", written[-3:])
    report = verified()
    assert set(report.first) == {CUT_OFF}
    assert "newest 3" in report.first[CUT_OFF].what


def test_a_whole_chain_deleted_shows(written, verified, tamper):
    tamper("delete from audit_entries")
    assert set(verified().first) == {CUT_OFF}


def test_the_newest_deleted_and_the_head_rewritten_shows_by_a_checkpoint_alone(written, verified, tamper, db_session):
    kept = Checkpoint.from_json(take_checkpoint(db_session, KEY).to_json())
    db_session.commit()
    tamper("delete from audit_entries where id = any(%s)", written[-3:])
    tamper(
        "update audit_chains set (length, hash) = (select position, hash from audit_entries where id = %s)", written[-4]
    )
    assert set(verified().first) == {CUT_OFF}
    tamper("delete from audit_checkpoints")
    assert verified().is_clean
    assert set(verified(kept).first) == {CUT_OFF}


def test_a_chain_rewritten_throughout_shows_by_a_checkpoint(written, verified, tamper, db_session, committed_db):
    kept = take_checkpoint(db_session, KEY)
    db_session.commit()
    tamper("update audit_entries set actor_name = 'nobody' where id = %s", written[2])
    rewrite(committed_db)
    tamper("delete from audit_checkpoints")
    assert verified().is_clean
    assert set(verified(kept).first) == {CUT_OFF}


def test_two_that_were_swapped_show(written, verified, tamper):
    tamper("alter table audit_entries drop constraint audit_entries_chain_key")
    tamper(
        "update audit_entries a set position = b.position, hash = b.hash from audit_entries b"
        " where (a.id, b.id) in ((%s, %s), (%s, %s))",
        written[3], written[6], written[6], written[3],
    )  # fmt: skip
    assert MOVED in verified().first


def test_one_that_was_put_in_shows(written, verified, tamper):
    tamper(PUT.format("%s"), len(written) + 1)
    assert set(verified().first) == {MOVED}


def test_one_that_was_put_in_with_a_longer_head_shows(written, verified, tamper):
    tamper(PUT.format("length + 1"))
    tamper("update audit_chains set length = length + 1, hash = sha256('x')")
    assert set(verified().first) == {ALTERED}


def test_what_is_rolled_back_leaves_no_gap(written, verified, db_session):
    for _time in range(3):
        audit_as(db_session, actor=SYSTEM, action="x")
        db_session.execute(text("update products set price = 5"))
        db_session.rollback()
        with db_session.begin_nested() as savepoint:
            db_session.execute(text("update products set price = 6"))
            savepoint.rollback()
        db_session.execute(text("update products set price = price + 7"))
        db_session.commit()
    report = verified()
    assert report.is_clean, report.first
    assert report.entries == 10 + 3 * 8


def test_writers_at_once_never_wait_for_each_other(committed_db, db_session, verified):
    make_product(name="First")
    one, other = psycopg.connect(committed_db), psycopg.connect(committed_db)
    with one, other:
        for connection, name in ((one, "One"), (other, "Other")):
            connection.execute("set lock_timeout = '2s'")
            connection.execute("insert into clients (id, name, created_at, updated_at)"
                               " values (gen_random_uuid(), %s, now(), now())", [name])  # fmt: skip
    report = verified()
    assert report.is_clean, report.first
    assert (report.entries, report.chains) == (3, 2)


def test_many_writers_at_once_leave_clean_chains(app: Flask, committed_db, db_session, verified):
    def write(number: int) -> None:
        set_tenant(ALL)
        with app.app_context():
            for time in range(12):
                audit_as(db.session, actor=SYSTEM, action="race")
                db.session.execute(
                    text("insert into clients (id, name, created_at, updated_at) select gen_random_uuid(), :name || n,"
                         " now(), now() from generate_series(1, 3) n"),
                    {"name": f"{number}-{time}-"},
                )  # fmt: skip
                db.session.rollback() if time % 4 == 3 else db.session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    report = verified()
    assert report.is_clean, report.first
    assert report.entries == 8 * 9 * 3
    # Whoever looks for a free chain doesn't see one that was added since: a few more than writers may come about.
    assert report.chains < 2 * 8


# Checkpoints


def test_a_checkpoint_says_how_far_the_audit_goes(written, db_session, verified):
    taken = take_checkpoint(db_session, KEY)
    db_session.commit()
    assert taken.entries == 10
    assert last_checkpoint(db_session) == taken == Checkpoint.from_json(taken.to_json())
    make_user(role="manager")
    report = verified(taken)
    assert report.is_clean, report.first
    assert report.checkpoints == 2


def test_the_hourly_job_takes_one(app, committed_db, written, verified, db_session):
    checkpoint_audit()
    db_session.commit()
    key = signing_key(app.config["SETTINGS"].secret_key).public_key()
    assert verified(keys=[key]).is_clean
    assert last_checkpoint(db_session).entries == 10


@pytest.mark.parametrize("change", [{"entries": 3}, {"at": "2020-01-01T00:00:00+00:00"}, {"heads": []}])
def test_a_changed_checkpoint_bears_no_valid_signature(written, db_session, verified, change):
    kept = json.loads(take_checkpoint(db_session, KEY).to_json())
    forged = Checkpoint.from_json(json.dumps(kept | change))
    with pytest.raises(Unusable, match="no valid signature"):
        forged.check([KEY.public_key()])
    assert set(verified(forged).first) == {UNSIGNED}


def test_anothers_key_signs_no_checkpoint_of_ours(written, db_session, verified):
    taken = take_checkpoint(db_session, Ed25519PrivateKey.generate())
    db_session.rollback()
    assert set(verified(taken).first) == {UNSIGNED}


@pytest.mark.parametrize("given", ["", "{}", "[]", "null", '{"at": 1}', "not json"])
def test_what_is_no_checkpoint_is_refused(given):
    with pytest.raises(Unusable):
        Checkpoint.from_json(given)


def test_checkpoints_are_final(committed_db, written, db_session):
    take_checkpoint(db_session, KEY)
    db_session.commit()
    for statement in ("update audit_checkpoints set entries = 0", "delete from audit_checkpoints"):
        with psycopg.connect(committed_db) as owner, pytest.raises(psycopg.Error, match="written once"):
            owner.execute(statement)


# The commands


def test_the_commands_take_show_and_check(app, committed_db, written, tamper, tmp_path):
    run = app.test_cli_runner().invoke
    file = tmp_path / "kept.jsonl"
    assert "10 entries in 1 chains" in run(args=["audit", "checkpoint", "--to", str(file)]).output
    printed = run(args=["audit", "checkpoint", "--to", "-"]).output
    assert Checkpoint.from_json(printed).entries == 10
    key = run(args=["audit", "public-key"]).output.strip()
    clean = run(args=["audit", "verify", "--checkpoint", str(file), "--public-key", key])
    assert (clean.exit_code, clean.output) == (0, "All is as it was written: 10 entries in 1 chains, 3 checkpoints.\n")

    tamper("update audit_entries set action = 'x' where id = %s", written[1])
    tamper("delete from audit_entries where id = %s", written[5])
    found = run(args=["audit", "verify", "--checkpoint", str(file)])
    assert found.exit_code == 1
    assert f"altered (1): first, entry {written[1]}" in found.output
    assert f"deleted (1): first, 1 entry is missing before entry {written[6]}" in found.output


def test_a_file_or_key_that_is_none_is_a_wrong_argument(app, committed_db, tmp_path):
    run = app.test_cli_runner().invoke
    (tmp_path / "x").write_text("hello\n")
    assert run(args=["audit", "verify", "--checkpoint", str(tmp_path / "x")]).exit_code == 2
    assert run(args=["audit", "verify", "--public-key", "abc"]).exit_code == 2


def rewrite(url: str) -> None:
    """Work out every hash anew, as somebody would who has the database in their hands."""
    with psycopg.connect(url) as owner:
        owner.execute("set session_replication_role = replica")
        newest: dict[int, bytes] = {}
        for entry in owner.execute(ENTRIES.text).fetchall():
            chain, _, key, _, content = entry
            newest[chain] = sha256(newest.get(chain, START) + content.encode()).digest()
            owner.execute("update audit_entries set hash = %s where id = %s", [newest[chain], key])
        owner.execute("""update audit_chains c set hash = e.hash from audit_entries e
                          where e.chain = c.chain and e.position = c.length""")
