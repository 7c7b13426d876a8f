"""This portal as a benchmark sees it: a database, a way to start it as production does, and somebody to sign in as."""

import secrets
import shlex
import socket
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.core.audit import SYSTEM, audit_as
from app.core.permissions import Role
from app.core.records import slug_of
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from config import ROOT, Settings

LOADED = "loadtest"
"""The category of the products that the peers' `create` makes."""
SECRET_KEY = secrets.token_urlsafe(48)
ROLES = "diglit_bench"
"""One process may measure several databases; it has the roles of one installation, and their password of one secret."""


class Portal:
    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.secret_key = SECRET_KEY
        self.port = free_port()
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        return {
            "APP_ENV": "production",
            "PORT": str(self.port),
            "DATABASE_URL": self.database_url,
            "DATABASE_ROLES": ROLES,
            "SECRET_KEY": self.secret_key,
            "DATA_DIR": str(self.folder / "data"),
            "WEB_CONCURRENCY": "2",
            "RATE_LIMITS": "off",
            "LOG_LEVEL": "ERROR",
        }

    @cached_property
    def app(self) -> Flask:
        return create_app(Settings.from_environment(self.environment))

    def migrate(self) -> None:
        with self.app.app_context(), as_system("a benchmark"):
            upgrade()

    def insert_products(self, connection: psycopg.Connection[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert products as they are, each with a slug of its own; triggers count, audit and index them as ever."""
        columns = ("id", "name", "slug", "category", "description", "price", "features", "icon")
        taken: set[str] = set()
        with connection.cursor() as cursor:
            copying = f"copy products ({', '.join(columns)}, created_at, updated_at) from stdin"
            with cursor.copy(copying) as copy:
                for row in rows:
                    slug = slug_of(row["name"])
                    slug = slug if slug not in taken else f"{slug}-{len(taken)}"
                    taken.add(slug)
                    values = [slug if column == "slug" else row[column] for column in columns]
                    copy.write_row([*values, row["created_at"], row["created_at"]])
        connection.commit()

    def credentials(self) -> list[str]:
        """Headers of a manager who has signed in to the API and to the portal."""
        password = secrets.token_urlsafe(16)
        with self.app.app_context(), as_system("a benchmark"):
            name = f"bench-{secrets.token_hex(4)}"
            create_user(
                username=name,
                email=f"{name}@diglit.test",
                password=password,
                role=Role.MANAGER,
                hashing=password_hasher(),
                actor=SYSTEM,
            )
            db.session.commit()
        browser = self.app.test_client()
        body = {"username": name, "password": password}
        token = browser.post("/api/auth/login", json=body, base_url="https://localhost").get_json()["access_token"]
        return [f"Authorization: Bearer {token}", f"Cookie: {self.portal_cookie(body)}"]

    def client_credentials(self) -> list[str]:
        """The header of somebody of a company of its own, who has signed in to the API."""
        name, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        with self.app.app_context(), as_system("a benchmark"):
            audit_as(db.session, actor=SYSTEM, action="create")
            company = Client(name=name)
            db.session.add(company)
            db.session.flush()
            create_user(
                username=name, email=f"{name}@example.com", password=password, role=Role.CLIENT,
                hashing=password_hasher(), actor=SYSTEM, client_id=company.id,
            )  # fmt: skip
            db.session.commit()
        body = {"username": name, "password": password}
        answer = self.app.test_client().post("/api/auth/login", json=body, base_url="https://localhost")
        return [f"Authorization: Bearer {answer.get_json()['access_token']}"]

    def portal_cookie(self, body: Mapping[str, str]) -> str:
        """The cookie of the portal's session that a user name and a password open."""
        self.app.config["WTF_CSRF_ENABLED"] = False
        answer = self.app.test_client().post("/login", data=body, base_url="https://localhost")
        self.app.config["WTF_CSRF_ENABLED"] = True
        cookies = [cookie.partition(";")[0] for cookie in answer.headers.getlist("Set-Cookie")]
        return "; ".join(cookie for cookie in cookies if "session=" in cookie)

    def start_command(self) -> str:
        """What a shell runs to start all processes, as `make run` does in production."""
        return f"cd {shlex.quote(str(ROOT))} && exec env {self._as_shell()} {sys.executable} -m app.cli.serve"

    def clean_command(self) -> str:
        program = f"import psycopg; c = psycopg.connect({self.database_url!r}, autocommit=True); "
        program += f"c.execute(\"delete from products where category = '{LOADED}'\"); c.execute('vacuum products')"
        return shlex.join([sys.executable, "-c", program])

    def _as_shell(self) -> str:
        return " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment.items())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
