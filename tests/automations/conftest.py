from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session, scoped_session

from app.core.tenancy import as_system
from app.identity.models import User
from tests.factories import make_user


@pytest.fixture
def as_the_runner(db_session: scoped_session[Session]) -> Iterator[None]:
    """What the runner sees: the rows of all companies."""
    with as_system("a test of the runner"):
        yield


@pytest.fixture
def anna() -> User:
    """Somebody of a company."""
    return make_user("client")
