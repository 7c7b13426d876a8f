"""`POST /api/virtual-assistants/match` over 100,000 assistants, as clients ask it.

    python -m benchmarks.matching [--url postgresql://…] [--rows 100000] [--seconds 10] [--profile]

Fills a database `diglit_match_ROWS` once (three minutes) with `people_data.sql`, starts the web server as production
does, with two processes, and loads it with wrk: 64 different requests, for a while at each number of connections, all
in a closed loop, so that a connection asks again as soon as it has its answer. --profile measures in this process where
the time of a request goes, and what finding costs without the rest.
"""

import argparse
import cProfile
import json
import os
import pstats
import random
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from app.assistants.matching.finding import find
from app.assistants.matching.index import everybody, switch_on
from app.assistants.requests.operations import read_wanted
from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.core.audit import SYSTEM, audit_as
from app.core.clock import today
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.cache.store import IDENTITIES
from app.identity.models import Client
from benchmarks import people
from benchmarks.portal import Portal
from benchmarks.scale import WORK, server
from config import ROOT

PATH = "/api/virtual-assistants/match"
REQUESTS = 64
CONNECTIONS = (1, 8, 32)
SCRIPT = ROOT / "benchmarks" / "matching.lua"
TERMS = (
    "bookkeeping", "MS Excel", "DATEV", "payroll", "copywriting", "SEO", "customer support",
    "Python", "SQL", "Power BI",
    "graphic design", "Figma", "German", "data entry", "calendar management", "React", "AWS", "project management",
    "lead generation", "Salesforce", "spreadsheets", "social media", "Zendesk", "invoicing", "Shopify",
)  # fmt: skip
ZONES = ("Europe/Berlin", "America/New_York", "Europe/London", "Asia/Manila", None)
TIMES = (None, ("08:00", "12:00"), ("13:00", "17:00"), ("09:00", "17:00"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"), help="any database on the server to use")
    parser.add_argument("--rows", type=int, default=people.ROWS)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    with server(options.url) as url:
        portal = Portal(database(url, options.rows), WORK)
        prepare(portal, options.rows)
        token = sign_in(portal)
        bodies = list(requests())
        if options.profile:
            profile(portal, token, bodies)
        elif shutil.which("wrk"):
            load(portal, token, bodies, options.seconds)
        else:
            raise SystemExit("wrk is missing: apt-get install wrk")


def database(url: str, rows: int) -> str:
    """The address of the database for so many people, which is created when it isn't there."""
    name = f"diglit_match_{rows}"
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def prepare(portal: Portal, rows: int) -> None:
    portal.migrate()
    people.load_skills(portal)
    with psycopg.connect(portal.database_url, autocommit=True) as connection:
        if people.how_many(connection) != rows:
            people.fill(connection, rows)


def sign_in(portal: Portal) -> str:
    """The access token of somebody of a client company."""
    name, password = f"bench-{os.urandom(4).hex()}", os.urandom(12).hex()
    with portal.app.app_context(), as_system("a benchmark"):
        audit_as(db.session, actor=SYSTEM, action="create")
        company = Client(name=name)
        db.session.add(company)
        db.session.flush()
        create_user(
            username=name, email=f"{name}@example.com", password=password, role=Role.CLIENT, hashing=password_hasher(),
            actor=SYSTEM, client_id=company.id,
        )  # fmt: skip
        db.session.commit()
    body = {"username": name, "password": password}
    answer = portal.app.test_client().post("/api/auth/login", json=body, base_url="https://localhost")
    return f"Bearer {answer.get_json()['access_token']}"


def requests() -> Iterator[dict[str, Any]]:
    """Different requests, the same ones each time."""
    chosen = random.Random(4)
    for _ in range(REQUESTS):
        zone, times = chosen.choice(ZONES), chosen.choice(TIMES)
        body: dict[str, Any] = {
            "skills": chosen.sample(TERMS, chosen.randint(1, 4)),
            "hours_per_week": chosen.choice([5, 10, 15, 20, 30]),
            "start_date": (today() + timedelta(days=chosen.randint(0, 40))).isoformat(),
            "max_hourly_rate": chosen.choice(["25.00", "45.00", "60.00", "90.00"]),
            "description": "Invoices and the monthly close.",
        }
        if zone:
            body["timezone"] = zone
            if times:
                body["time_from"], body["time_to"] = times
        yield body


def load(portal: Portal, token: str, bodies: list[dict[str, Any]], seconds: int) -> None:
    script = WORK / "match_requests.lua"
    script.write_text(as_lua(token, bodies))
    with running(portal):
        wait_until_read(portal, token, bodies[0])
        wrk(portal, script, 8, 3)
        for connections in CONNECTIONS:
            told = wrk(portal, script, connections, seconds)
            each = told["requests"] / told["seconds"]
            print(
                f"{connections:>3} connections: p50 {told['p50']:.1f} ms, p99 {told['p99']:.1f} ms, "
                f"{each:.0f} requests a second, {told['errors']} errors",
                flush=True,
            )


def wait_until_read(portal: Portal, token: str, body: dict[str, Any]) -> None:
    """Until both processes have everybody in memory."""
    asking = urllib.request.Request(
        f"http://127.0.0.1:{portal.port}{PATH}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": token},
    )
    quick = 0
    while quick < 20:
        began = time.perf_counter()
        with suppress(OSError), urllib.request.urlopen(asking, timeout=120) as answer:
            answer.read()
            quick = quick + 1 if time.perf_counter() - began < 1 else 0


def as_lua(token: str, bodies: list[dict[str, Any]]) -> str:
    quoted = ",\n".join(f"[==[{json.dumps(body)}]==]" for body in bodies)
    headers = f'{{["Content-Type"] = "application/json", ["Authorization"] = "{token}"}}'
    return f'return {{path = "{PATH}", headers = {headers}, bodies = {{{quoted}}}}}'


def wrk(portal: Portal, script: Any, connections: int, seconds: int) -> dict[str, Any]:
    command = [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s", str(SCRIPT),
        f"http://127.0.0.1:{portal.port}",
    ]  # fmt: skip
    environment = {**os.environ, "MATCH_REQUESTS": str(script)}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
    return found


@contextmanager
def running(portal: Portal) -> Iterator[None]:
    """The web server, while the block runs."""
    process = subprocess.Popen(["sh", "-c", portal.start_command()])
    try:
        for _ in range(300):
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{portal.port}/healthz", timeout=2):
                break
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(15)


def profile(portal: Portal, token: str, bodies: list[dict[str, Any]]) -> None:
    app = portal.app
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    index = switch_on(app)
    with index.fresh() as crowd:
        grown = (psutil.Process().memory_info().rss - before) / 1e6
        print(f"{len(crowd):,} people read in {time.perf_counter() - began:.1f} s, {grown:.0f} MB")
    with app.app_context(), as_system("a benchmark"):
        print_finding(bodies)
        db.session.rollback()
    client = app.test_client(use_cookies=False)

    def ask() -> None:
        for body in bodies:
            answer = client.post(PATH, json=body, headers={"Authorization": token}, base_url="https://localhost")
            if answer.status_code != 201:
                raise SystemExit(f"{answer.status}: {answer.text[:300]}")

    ask()
    listener = app.extensions[IDENTITIES].listener
    while not listener.is_proven():
        time.sleep(0.05)
    ask()
    began, wall = time.process_time(), time.perf_counter()
    ask()
    each = (time.process_time() - began) / len(bodies) * 1000
    print(
        f"a request: {each:.2f} ms of this process, {(time.perf_counter() - wall) / len(bodies) * 1000:.2f} ms in all"
    )
    measured = cProfile.Profile(time.process_time)
    measured.enable()
    ask()
    measured.disable()
    pstats.Stats(measured).sort_stats("cumulative").print_stats(60)


def print_finding(bodies: list[dict[str, Any]]) -> None:
    """What finding costs alone, in processor time of this thread."""
    asked = [
        read_wanted(body | {"max_hourly_rate": Decimal(body["max_hourly_rate"]), "start_date": None}) for body in bodies
    ]
    spent, found = [], []
    with everybody() as crowd:
        for _ in range(3):
            for wanted, near in asked:
                began = time.thread_time()
                answer = find(wanted, crowd, near, 5)
                spent.append((time.thread_time() - began) * 1000)
                found.append(answer.considered)
    last = sorted(spent[len(asked) :])
    print(f"finding: median {median(last):.2f} ms, 99th {last[int(len(last) * 0.99)]:.2f} ms; the first time "
          f"{median(spent[: len(asked)]):.2f} ms; {median(found):,.0f} people have any of it")  # fmt: skip


if __name__ == "__main__":
    main()
