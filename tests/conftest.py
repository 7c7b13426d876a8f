"""Fixtures for all tests. Each test's changes lie in a savepoint of one connection and are rolled back; code under test
commits as ever. Other connections see none of it and can only read: a test that needs them (threads, subprocesses,
streams, the worker) asks for `committed_db`."""

import gc
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from app import create_app
from app.core.engine import register_engine_events
from app.core.tenancy import SYSTEM, set_tenant
from app.extensions import db
from app.identity import authentication, sessions
from app.identity.models import User
from app.identity.sessions import Device, SignIn
from config import Settings, sqlalchemy_url
from tests import factories
from tests.client import PortalClient
from tests.database import TestServer, server
from tests.factories import everything

pytest_plugins = ("tests.scheduling",)

set_tenant(SYSTEM)  # Tests call operations as staff would; threads and processes of theirs begin as nobody.

os.environ["DATABASE_ROLES"] = "tests"
"""The many databases of a run share their roles, or each would have to be given its own; child processes do as well."""
# A busy machine is slow, which is no defect of what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
FORGET = text("set local audit.context = ''")
DEVICE = Device("Werkzeug", "127.0.0.1")
_running = pytest.StashKey[Any]()

# Modules stay once they are imported: searching them for garbage took a third of the time that finding the tests takes.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def _serve(config: pytest.Config) -> TestServer:
    """The run's server, started at first need, with the migrated template on it."""
    if _running not in config.stash:
        context = server()
        found = context.__enter__()
        config.stash[_running] = found
        config.add_cleanup(lambda: context.__exit__(None, None, None))
        found.execute("create database {}", found.template)
        migrate(settings_for(found.url_of(found.template)))
    return config.stash[_running]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    found = _serve(node.config)
    node.workerinput["server"] = (found.address, found.prefix)


SECRET_KEY = secrets.token_urlsafe(48)
"""Of all applications of a test process, and of the portal that it starts: one opens what another has sealed."""


def settings_for(url: str, **more: Any) -> Settings:
    values = {"APP_ENV": "testing", "SECRET_KEY": SECRET_KEY, "DATABASE_URL": url, "RATE_LIMITS": "off"}
    values["DATABASE_ROLES"] = os.environ.get("DATABASE_ROLES")
    return Settings.model_validate(values | more)


def migrate(settings: Settings, revision: str = "heads") -> None:
    from flask_migrate import upgrade  # noqa: PLC0415

    app = create_app(settings)
    with app.app_context():
        upgrade(revision=revision)
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> TestServer:
    """The PostgreSQL of this run."""
    if given := getattr(request.config, "workerinput", {}).get("server"):
        return TestServer(*given)
    return _serve(request.config)


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workers of a run leave each other the templates that they compiled."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        folder = folder.parent  # what the workers have in common
    (folder / "templates").mkdir(exist_ok=True)
    return folder / "templates"


@pytest.fixture(scope="session")
def app(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory, templates: Path) -> Iterator[Flask]:
    """The application on this worker's database, without rate limits."""
    name = postgres.clone()
    postgres.execute("alter database {} set default_transaction_read_only = on", name)
    data = tmp_path_factory.mktemp("data")
    app = create_app(settings_for(postgres.url_of(name), DATA_DIR=data))
    app.testing = True
    app.test_client_class = PortalClient
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(templates))
    # Application and tests stay until the end: searching them for garbage took a sixth of the tests' processor time.
    gc.freeze()
    yield app
    with app.app_context():
        db.engine.dispose()
    postgres.drop(name)


@pytest.fixture
def committed_db(app: Flask, postgres: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of the test's own, in which commits are real. Yields its `DATABASE_URL`, for subprocesses."""
    name = postgres.clone()
    url = postgres.url_of(name)
    with on_database(app, url, monkeypatch):
        yield url
    postgres.drop(name)


@contextmanager
def on_database(app: Flask, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The application on another database."""
    with app.app_context():
        engines = db.engines
    engine = create_engine(sqlalchemy_url(url))
    register_engine_events(engine, app)
    monkeypatch.setitem(engines, None, engine)
    monkeypatch.setitem(app.config, "SQLALCHEMY_DATABASE_URI", sqlalchemy_url(url))
    changed = app.config["SETTINGS"].model_copy(update={"database_url": url})
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    yield
    engine.dispose()


@pytest.fixture
def db_session(app: Flask, request: pytest.FixtureRequest) -> Iterator[scoped_session[Session]]:
    """`db.session`, in a savepoint that is rolled back after the test; in `committed_db`, the real one."""
    if "committed_db" in request.fixturenames:
        request.getfixturevalue("committed_db")
        with app.app_context():
            yield db.session
        return
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("set transaction read write"))
        with pytest.MonkeyPatch.context() as patch, app.app_context():
            maker = db.session.session_factory
            patch.setattr(maker.class_, "get_bind", lambda *_, **__: connection)
            patch.setitem(maker.kw, "join_transaction_mode", "create_savepoint")
            event.listen(maker, "after_transaction_end", forget_author)
            yield db.session
            db.session.remove()
            event.remove(maker, "after_transaction_end", forget_author)
        transaction.rollback()


def forget_author(session: Session, transaction: SessionTransaction) -> None:
    """What `audit_as` said ends with the session's transaction, although the connection's goes on."""
    if transaction.parent is None:
        connection = session.get_bind()
        assert isinstance(connection, Connection)
        said = [place.info.pop("audit.change", None) for place in (session, connection)]
        if any(said):
            connection.execute(FORGET)


@pytest.fixture
def client(app: Flask, db_session: Any) -> FlaskClient:
    """An anonymous browser."""
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, db_session: Any) -> Callable[[FlaskClient, User], FlaskClient]:
    """`sign_in(client, user)` gives the browser a sign-in of the user's. Tests of signing in itself go by the page."""

    def sign_in(client: FlaskClient, user: User) -> FlaskClient:
        client.set_cookie(authentication.SIGN_IN.full_name, start_session(user, "portal").token)
        return client

    return sign_in


def start_session(user: User, kind: str) -> SignIn:
    """A sign-in by password, as the page and the API begin it."""
    started = sessions.start_session(user, kind=kind, device=DEVICE)
    db.session.commit()
    db.session.expire_all()
    return started


def _signed_in(role: str) -> Any:
    @pytest.fixture(name=f"as_{role}")
    def fixture(app: Flask, sign_in: Callable[[FlaskClient, User], FlaskClient]) -> FlaskClient:
        user = factories.make_user(role=role)
        browser = sign_in(app.test_client(), user)
        browser.user = user  # type: ignore[attr-defined]
        return browser

    return fixture


as_admin, as_manager, as_client, as_expert = map(_signed_in, ("admin", "manager", "client", "expert"))


@pytest.fixture
def api(app: Flask, db_session: Any) -> Callable[[User], FlaskClient]:
    """`api(user)` is a program that sends the user's access token."""

    def api(user: User) -> FlaskClient:
        token = authentication.access_tokens().issue(start_session(user, "api").session)
        db.session.commit()
        return program_with(app, token)

    return api


def program_with(app: Flask, token: str) -> FlaskClient:
    program = app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return program


@pytest.fixture
def make_user(db_session: Any) -> Callable[..., User]:
    return factories.make_user


@pytest.fixture
def make_client_company(db_session: Any) -> Callable[..., Any]:
    return factories.make_client_company


@pytest.fixture
def make_product(db_session: Any) -> Callable[..., Any]:
    return factories.make_product


@pytest.fixture
def make_solution(db_session: Any) -> Callable[..., Any]:
    return factories.make_solution


@pytest.fixture
def make_offering(db_session: Any) -> Callable[..., Any]:
    return factories.make_offering


@pytest.fixture
def make_service_category(db_session: Any) -> Callable[..., Any]:
    return factories.make_service_category


@pytest.fixture
def fill_every_table(db_session: Any) -> Callable[[], None]:
    return everything.fill_every_table
