"""Several hosts in DATABASE_URL, as libpq takes them: the first that answers is used."""

import psycopg
import pytest
from sqlalchemy import create_engine, text

from app.cli.preparation import CannotServe, prepare_database
from config import libpq_url, sqlalchemy_url
from tests.conftest import settings_for
from tests.pgbouncer import needs_pgbouncer, pgbouncer


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u@h1,h2/d", "postgresql+psycopg://u@/d?host=h1,h2&port=5432,5432"),
        (
            "postgresql://u@h1:1,h2:2/d?target_session_attrs=read-write",
            "postgresql+psycopg://u@/d?host=h1,h2&port=1,2&target_session_attrs=read-write",
        ),
        ("postgresql://u@[::1]:1,[2001:db8::1]/d", "postgresql+psycopg://u@/d?host=::1,2001:db8::1&port=1,5432"),
    ],
)
def test_hosts_are_put_where_sqlalchemy_finds_them(given, wanted):
    assert sqlalchemy_url(given) == wanted


def test_both_ways_try_one_host_after_the_other():
    url = "postgresql://nobody:wrong@127.0.0.1:1,localhost:2/none?connect_timeout=2"
    engine = create_engine(sqlalchemy_url(url))
    for connect in (lambda: psycopg.connect(libpq_url(url)), lambda: engine.connect().execute(text("select 1"))):
        with pytest.raises(Exception, match=r"port 1 failed[\s\S]*port 2 failed"):
            connect()


def behind_another(url):
    """The same address, with a host before it at which nobody answers."""
    return url.replace("@127.0.0.1:", "@127.0.0.1:1,127.0.0.1:")


@pytest.mark.committed
@needs_pgbouncer
def test_the_direct_address_may_name_two_hosts_as_well(committed_db, monkeypatch):
    said = []
    monkeypatch.setattr("app.cli.preparation._run_flask", lambda *_arguments: "")
    with (
        pgbouncer(committed_db, mode="transaction", size=2) as in_transactions,
        pgbouncer(committed_db, mode="session", size=20) as in_sessions,
    ):
        shared, own = behind_another(in_transactions), behind_another(in_sessions)
        prepare_database(shared, settings_for(shared, DATABASE_DIRECT_URL=own), said.append)
        with pytest.raises(CannotServe, match="DATABASE_DIRECT_URL") as refused:
            prepare_database(shared, settings_for(shared, DATABASE_DIRECT_URL=shared), said.append)
        assert len(str(refused.value).splitlines()) == 1
        engine = create_engine(sqlalchemy_url(own))
        with engine.connect() as connection:
            assert connection.scalar(text("select 1")) == 1
        engine.dispose()
