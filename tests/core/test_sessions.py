"""Who commits: a block may take savepoints of its own, and never what its caller began."""

from typing import Any

import pytest
from sqlalchemy import text

from app.core.sessions import CommitRefused, without_commits
from tests.factories import make_client_company


def rename(session: Any, company: Any, name: str) -> None:
    company.name = name
    session.flush()


def rename_and_commit(session: Any, company: Any, name: str) -> None:
    rename(session, company, name)
    session.commit()


def name_of(session: Any, company: Any) -> Any:
    return session.execute(text("select name from clients where id = :id"), {"id": company.id}).scalar()


def test_savepoints_of_the_block_are_its_own(db_session: Any) -> None:
    company = make_client_company(name="Alder Ltd")
    with without_commits(db_session):
        with db_session.begin_nested():
            rename(db_session, company, "Birch Ltd")
            with db_session.begin_nested():
                rename(db_session, company, "Cedar Ltd")
        with db_session.begin_nested() as savepoint:
            rename(db_session, company, "Doe Ltd")
            savepoint.rollback()
    db_session.commit()
    assert name_of(db_session, company) == "Cedar Ltd"


@pytest.mark.parametrize("begun", [True, False])
def test_the_transaction_of_the_caller_is_not_committed(db_session: Any, begun: bool) -> None:
    company = make_client_company(name="Alder Ltd")
    if begun:
        rename(db_session, company, "Birch Ltd")
    with pytest.raises(CommitRefused), without_commits(db_session):
        rename_and_commit(db_session, company, "Cedar Ltd")
    db_session.rollback()
    assert name_of(db_session, company) == "Alder Ltd"


def test_neither_is_a_savepoint_of_the_caller_nor_what_it_lies_in(db_session: Any) -> None:
    company = make_client_company(name="Alder Ltd")
    rename(db_session, company, "Birch Ltd")
    with pytest.raises(CommitRefused), db_session.begin_nested(), without_commits(db_session):
        rename_and_commit(db_session, company, "Cedar Ltd")
    assert name_of(db_session, company) == "Birch Ltd"
    db_session.commit()
    assert name_of(db_session, company) == "Birch Ltd"


def test_afterwards_the_session_commits_as_ever(db_session: Any) -> None:
    company = make_client_company(name="Alder Ltd")
    with without_commits(db_session):
        rename(db_session, company, "Birch Ltd")
    db_session.commit()
    db_session.rollback()
    assert name_of(db_session, company) == "Birch Ltd"
