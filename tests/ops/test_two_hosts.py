"""Several hosts in DATABASE_URL, as libpq takes them: the first that answers is used."""

import psycopg
import pytest
from sqlalchemy import create_engine, text

from config import libpq_url, sqlalchemy_url


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u@h1,h2/d", "postgresql+psycopg://u@/d?host=h1,h2&port=5432,5432"),
        (
            "postgresql://u@h1:1,h2:2/d?target_session_attrs=read-write",
            "postgresql+psycopg://u@/d?host=h1,h2&port=1,2&target_session_attrs=read-write",
        ),
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
