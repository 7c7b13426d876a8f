"""A live portal with data of its own, and Chromium to look at it with."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from app.extensions import db
from config import ROOT
from tests import factories
from tests.conftest import SECRET_KEY, settings_for
from tests.database import TestServer
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team

sync_api = pytest.importorskip("playwright.sync_api")

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CATEGORIES = ("Analytics", "Automation", "Cloud", "Security")
STARTS_WITHIN = 90.0
PATIENCE = 30_000
"""Milliseconds after which something that is waited for won't come; only a busy machine needs a second."""


@dataclass(frozen=True)
class Live:
    """A portal that is being served: its address, its database, the origin that may call its API, and its DATA_DIR."""

    url: str
    database_url: str
    frontend_port: int
    folder: Path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium; set CHROMIUM to its path")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The portal with its worker, as `make run` serves it, on a database with 120 products, a user per role, a team and
    a project."""
    name = postgres.clone()
    url = postgres.url_of(name)
    fill(url)
    port, frontend_port = free_port(), free_port()
    folder = tmp_path_factory.mktemp("live")
    environment = os.environ | {
        "APP_ENV": "testing",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "RATE_LIMITS": "off",
        "CORS_ORIGINS": f"http://127.0.0.1:{frontend_port}",
    }
    log = folder / "log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "app.cli.serve"]
        serving = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/readyz", serving, log)
        yield Live(address, url, frontend_port, folder)
    finally:
        serving.terminate()
        serving.wait(15)
        postgres.drop(name)


def fill(url: str) -> None:
    app = create_app(settings_for(url))
    with app.app_context():
        people = {
            role: factories.make_user(role=role, username=role, email=f"{role}@diglit.test")
            for role in ("admin", "manager", "client", "expert")
        }
        fill_work(people["client"], people["expert"])
        products = [
            factories.make_product(
                name=f"Product {number:03d}",
                slug=f"product-{number:03d}",
                category=CATEGORIES[number % 4],
                price=100 + number,
            )
            for number in range(120)
        ]
        factories.make_solution(products=products[:3])
        factories.make_service_category(offerings=[factories.make_offering()])
        db.session.remove()
        db.engine.dispose()


def fill_work(client: Any, expert: Any) -> None:
    """A team of the expert, with a project of the client's company."""
    member = make_assistant(name="Ana Pérez-Featherstonehaugh", user=expert, currency="EUR", skills=("Excel",))
    team = make_team(name="Movers", members=[member])
    deliverables = [{"title": "Inventory", "status": "submitted"}, {"title": "Move", "after": ["Inventory"]}]
    make_project(client=client.client, team=team, name="Move", deliverables=deliverables, milestones=["Pilot"])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, serving: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    while time.monotonic() < began + STARTS_WITHIN and serving.poll() is None:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.05)
    pytest.fail(f"The portal did not start:\n{log.read_text()[-3000:]}", pytrace=False)


@pytest.fixture(scope="session")
def signed_in(chromium: Any, live: Live) -> Callable[[str], Any]:
    """The cookies of a user who has signed in; each signs in once."""

    @cache
    def signed_in(role: str) -> Any:
        context = chromium.new_context(base_url=live.url)
        sign_in(context.new_page(), role)
        state = context.storage_state()
        context.close()
        return state

    return signed_in


@pytest.fixture
def open_window(chromium: Any, live: Live, signed_in: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    """`open_window(role)` is a page in a window of its own, signed in as that role; options are Playwright's.

    The test fails when a page logs an error or refuses something by its Content-Security-Policy.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_window(role: str | None = "manager", **options: Any) -> Any:
        state = signed_in(role) if role else None
        context = chromium.new_context(
            base_url=live.url, locale="en-GB", timezone_id="Europe/Berlin", storage_state=state, **options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend([message.text] if is_complaint(message) else []))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def is_complaint(message: Any) -> bool:
    """Chromium also logs each answer of 4xx as an error; those are part of what is tested."""
    return message.type == "error" and "the server responded with a status of 4" not in message.text


def sign_in(page: Any, role: str) -> None:
    page.goto("/login")
    page.get_by_label("User name or e-mail").fill(role)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/dashboard/" if role in ("client", "expert") else "**/admin/")


@pytest.fixture
def page(open_window: Callable[..., Any]) -> Any:
    """A manager's window, on the home page."""
    window = open_window()
    window.goto("/admin/")
    return window


@pytest.fixture
def product(live: Live) -> Iterator[Any]:
    """A product that no other test touches, really committed."""
    app = create_app(settings_for(live.database_url))
    with app.app_context():
        made = factories.make_product(name=f"Ledger {secrets.token_hex(4)}", category="Analytics", price=250)
        db.session.expunge_all()
        yield made
        db.session.remove()
        db.engine.dispose()
