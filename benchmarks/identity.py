"""What it costs to be somebody: the same call with and without credentials.

    python -m benchmarks.identity [--url postgresql://…]

Each round times some calls of every kind in turn, in this process, without a server around it; medians over the rounds,
in microseconds of processor time. Rate limits are on, the log is on and goes nowhere.
"""

import argparse
import io
import os
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cached_property
from statistics import median
from typing import Any

from flask import Flask
from limits import parse
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from app import create_app
from app.auth.accounts import operations as accounts
from app.auth.passwords.hashing import password_hasher
from app.core.audit import SYSTEM, audit_as
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import sessions
from app.identity.cache.store import IDENTITIES
from app.identity.models import Application, Client, Grant
from app.identity.sessions import Device
from app.web import limits
from benchmarks.portal import Portal
from benchmarks.scale import WORK, database, server
from config import Settings

ROUNDS, CALLS = 60, 40
EARLY, ORDINARY = "/api/products?limit=1", "/api"
GOAL = 60


class OwnPortal(Portal):
    @cached_property
    def app(self) -> Flask:
        return create_app(Settings.from_environment(self.environment | {"RATE_LIMITS": "on", "LOG_LEVEL": "INFO"}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        portal = OwnPortal(database(url, 0), WORK)
        portal.migrate()
        limits.LIMITS["requests"] = parse("1000000/minute")
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            tokens = make_tokens(portal)
            told = {path: measure(portal.app, path, tokens) for path in (EARLY, ORDINARY)}
    for path, times in told.items():
        print(path)
        for name, spent in times.items():
            more = spent - times["anonymous"]
            print(f"  {name:<28}{spent:>8.1f} µs{'' if name == 'anonymous' else f'   {more:+.1f} (goal: +{GOAL})'}")


def make_tokens(portal: Portal) -> dict[str, str | None]:
    """An `Authorization` header for each kind of caller."""
    manager = next(line for line in portal.credentials() if line.startswith("Authorization"))
    with portal.app.app_context(), as_system("a benchmark"):
        audit_as(db.session, actor=SYSTEM, action="create")
        company = Client(name="Bench")
        db.session.add(company)
        db.session.flush()
        name = f"bench-{os.urandom(4).hex()}"
        user = accounts.create_user(
            username=name, email=f"{name}@example.com", password=os.urandom(12).hex(), role=Role.CLIENT,
            hashing=password_hasher(), actor=SYSTEM, client_id=company.id,
        )  # fmt: skip
        started = sessions.start_session(user, kind="api", device=Device("bench", ""))
        application = Application(name="Bench", identifier=name, secret_hash=b"x", grant_types=[], client_id=company.id)
        db.session.add(application)
        db.session.flush()
        db.session.add(Grant(user_id=user.id, application_id=application.id, scopes=["products:read"]))
        third = sessions.start_session(
            user, kind="oauth", device=Device("bench", ""), application_id=application.id, scopes=["products:read"]
        )
        issue = portal.app.extensions["access_tokens"].issue
        tokens: dict[str, str | None] = {
            "anonymous": None,
            "client's access token": f"Bearer {issue(started.session)}",
            "third party's access token": f"Bearer {issue(third.session)}",
            "manager's access token": manager.partition(": ")[2],
        }
        db.session.commit()
    return tokens


def measure(app: Flask, path: str, tokens: dict[str, str | None]) -> dict[str, float]:
    callers = {name: caller(app, path, token) for name, token in tokens.items()}
    for _ in range(3):
        for call in callers.values():
            call()
    listener = app.extensions[IDENTITIES].listener
    while not listener.is_proven():
        time.sleep(0.05)
    for call in callers.values():
        call()
        call()
    spent: dict[str, list[float]] = {name: [] for name in callers}
    for _ in range(ROUNDS):
        for name, call in callers.items():
            began = time.thread_time()
            for _ in range(CALLS):
                call()
            spent[name].append((time.thread_time() - began) / CALLS * 1e6)
    return {name: median(times) for name, times in spent.items()}


def caller(app: Flask, path: str, token: str | None) -> Callable[[], None]:
    headers = Headers({"Authorization": token} if token else {})
    environ = EnvironBuilder(path=path, base_url="https://localhost", headers=headers).get_environ()

    def hear(status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], object]:
        if not status.startswith("200"):
            raise SystemExit(f"{path}: {status}")
        return lambda _: None

    def call() -> None:
        answer = app.wsgi_app(environ.copy(), hear)
        for _ in answer:
            pass
        getattr(answer, "close", lambda: None)()

    return call


if __name__ == "__main__":
    main()
