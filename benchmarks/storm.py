"""A storm of deliveries against a portal that really runs: web, worker and PostgreSQL as in production.

    python -m benchmarks.storm [--deliveries 10000] [--seconds 60] [--connections 16] [--restart]

Sends signed deliveries to a webhook at an even pace, each tenth with the key of an earlier one, whose answer may still
be under way. Each begins a run of five steps that writes a row. Meanwhile a page and a path are asked for twice a
second. Then waits for the queue to be empty, and compares: what was answered, the runs, the rows. --seconds 0 sends as
fast as the connections go. With --restart, PostgreSQL is restarted twice meanwhile, once as after a crash; who is
answered 503 then, or not at all, sends the same delivery again, as a shop does.

The server is one of the benchmark's own under DATA_DIR.
"""

import argparse
import hmac
import json
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.automations.operations import deploy
from app.automations.tables.operations import create_table
from app.automations.tables.schemas import TableInput
from app.cli.embedded import FAST, IMMEDIATE, EmbeddedPostgres
from app.core.audit import SYSTEM, audit_as
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from benchmarks.automations import TABLE, simple
from benchmarks.portal import Portal
from benchmarks.scale import WORK, server

DATABASE = "diglit_storm"
PAGES = ("/admin/automations/runs", "/api/ai-automation/runs?limit=50")
NEAR = 200
"""How far back the delivery is at most that is repeated."""
LONGEST_DRAIN = 600.0
AGAIN_AFTER = 0.5


class LimitedPortal(Portal):
    """With its limits on, as in production."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "RATE_LIMITS": "on"}


@dataclass
class Storm:
    """What is sent, and what was answered."""

    port: int
    path: str
    secret: str
    keys: list[str]
    seconds: float
    answers: dict[str, set[str]] = field(default_factory=dict)
    """Each key's runs, as the answers name them."""
    statuses: Counter[Any] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    late: float = 0.0
    """By how much the sender itself was late at most."""
    next: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, connections: int) -> float:
        """Seconds that sending all took."""
        began = time.perf_counter()
        senders = [threading.Thread(target=self._sender, args=(began,)) for _ in range(connections)]
        for one in senders:
            one.start()
        for one in senders:
            one.join()
        return time.perf_counter() - began

    def _sender(self, began: float) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        while (number := self._take()) is not None:
            wait = began + self.seconds * number / len(self.keys) - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            elif self.seconds:
                self.late = max(self.late, -wait)
            while not self._deliver(connection, self.keys[number]):
                time.sleep(AGAIN_AFTER)
        connection.close()

    def _take(self) -> int | None:
        with self.lock:
            self.next += 1
            return self.next - 1 if self.next <= len(self.keys) else None

    def _deliver(self, connection: HTTPConnection, key: str) -> bool:
        """Whether it was answered with a run, or need not be sent again."""
        body = json.dumps({"key": key, "amount": 99.9, "client": " acme "}).encode()
        signature = "sha256=" + hmac.digest(self.secret.encode(), body, sha256).hex()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "X-Signature-256": signature}
        began = time.perf_counter()
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            status: Any = answer.status
            said = json.loads(answer.read())
        except (OSError, HTTPException) as error:
            status, said = type(error).__name__, {}
            connection.close()
        taken = time.perf_counter() - began
        with self.lock:
            self.statuses[status] += 1
            self.times.append(taken)
            if "run_id" in said:
                self.answers.setdefault(key, set()).add(said["run_id"])
        return status not in (500, 502, 503, 504) and isinstance(status, int)


@dataclass
class Watch:
    """Asks for pages and looks at the memory of the portal, in the background."""

    port: int
    headers: list[tuple[str, str]]
    process: psutil.Process
    statuses: Counter[Any] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.wait(0.5):
            self.memory.append(memory_of(self.process))
            for path in PAGES:
                kind = "Authorization" if path.startswith("/api") else "Cookie"
                connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
                began = time.perf_counter()
                try:
                    connection.request("GET", path, headers={n: v for n, v in self.headers if n == kind})
                    answer = connection.getresponse()
                    answer.read()
                    self.statuses[answer.status] += 1
                except (OSError, HTTPException) as error:
                    self.statuses[type(error).__name__] += 1
                self.times.append(time.perf_counter() - began)
                connection.close()


def memory_of(process: psutil.Process) -> float:
    """MB of the process and all below it, what they share counted once."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e6


def deployed(portal: Portal) -> tuple[str, str]:
    """The path of a webhook, and the secret with which its deliveries are signed."""
    with portal.app.app_context(), as_system("a benchmark"):
        audit_as(db.session, actor=SYSTEM, action="create")
        company = Client(name="Shop")
        db.session.add(company)
        db.session.flush()
        owner = create_user(
            username="shop-owner", email="owner@example.com", password=secrets.token_urlsafe(16),
            role=Role.CLIENT, hashing=password_hasher(), actor=SYSTEM, client_id=company.id,
        )  # fmt: skip
        db.session.commit()
        create_table(TableInput(name=TABLE, client_id=company.id), actor=owner)
        workflow = {"trigger": {"type": "webhook", "signed": True}, "steps": simple()}
        made = deploy("Storm", workflow, client_id=company.id, actor=owner, max_concurrent=None)
        assert made.webhook_secret is not None
        found = f"/api/hooks/{made.token}", made.webhook_secret
        db.session.commit()
        return found


@contextmanager
def running(portal: Portal) -> Iterator[psutil.Process]:
    process = subprocess.Popen(portal.start_command(), shell=True, start_new_session=True)
    try:
        until = time.monotonic() + 90
        while not _is_ready(portal.port):
            if time.monotonic() > until or process.poll() is not None:
                raise SystemExit("The portal did not start.")
            time.sleep(0.2)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def some_keys(deliveries: int) -> list[str]:
    """Each tenth is one of those shortly before it."""
    chance, keys = random.Random(1), []
    for number in range(deliveries):
        again = number % 10 == 9
        keys.append(keys[-1 - chance.randrange(min(NEAR, number))] if again else f"order-{number}")
    return keys


def restart_twice(storm: Storm) -> None:
    """At a third of the deliveries as after a crash, at two thirds in order."""
    postgres = EmbeddedPostgres(WORK)
    for part, how in ((1, IMMEDIATE), (2, FAST)):
        while storm.next < len(storm.keys) * part // 3:
            time.sleep(0.05)
        process = postgres.find_process()
        assert process is not None
        began = time.perf_counter()
        process.send_signal(how)
        process.wait(30)
        postgres.start()
        print(f"restarted with {how.name}: away for {time.perf_counter() - began:.1f} s", flush=True)


def drained(url: str) -> float:
    """Seconds until nothing is to be done."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() - began < LONGEST_DRAIN:
            row = connection.execute("select count(*) from automation_work").fetchone()
            if row == (0,):
                break
            time.sleep(0.1)
    return time.perf_counter() - began


def compared(url: str, storm: Storm) -> list[str]:
    """What isn't as it should be."""
    wrong = []
    with psycopg.connect(url) as connection:
        runs = connection.execute("select delivery, id::text, status from automation_runs").fetchall()
        rows = Counter(row[0] for row in connection.execute("select key from data_rows").fetchall())
    by_key: dict[str, set[str]] = {}
    for delivery, run_id, _ in runs:
        by_key.setdefault(delivery.removeprefix("hook:"), set()).add(run_id)
    wanted = set(storm.answers)
    if lost := wanted - set(by_key):
        wrong.append(f"{len(lost)} that were answered with a run have none")
    if doubled := [key for key, found in by_key.items() if len(found) > 1]:
        wrong.append(f"{len(doubled)} have several runs")
    if other := [key for key, found in storm.answers.items() if found != by_key.get(key)]:
        wrong.append(f"{len(other)} were answered with another run than they have")
    if states := Counter(status for *_, status in runs if status != "succeeded"):
        wrong.append(f"runs that didn't succeed: {dict(states)}")
    if set(rows) != set(by_key) or set(rows.values()) - {1}:
        wrong.append("the rows aren't one for each run")
    return wrong


def tell(storm: Storm, watch: Watch, at_rest: float, sent: float, drain: float) -> None:
    times, pages = sorted(storm.times), sorted(watch.times)
    print(f"sent {len(storm.keys):,} ({len(set(storm.keys)):,} keys) in {sent:.1f} s: {len(storm.keys) / sent:.0f}/s, "
          f"the sender itself late by {storm.late:.1f} s at most")  # fmt: skip
    print(f"answered {dict(storm.statuses)}; {_spread(times)}")
    print(f"pages meanwhile {dict(watch.statuses)}; {_spread(pages)}")
    print(f"all runs over {drain:.1f} s after the last answer")
    print(f"memory of all processes: {at_rest:.0f} MB at rest, {max(watch.memory):.0f} MB at most, "
          f"{watch.memory[-1]:.0f} MB at the end")  # fmt: skip


def _spread(times: list[float]) -> str:
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    return f"p50 {1_000 * p50:.1f} ms, p99 {1_000 * p99:.1f} ms, longest {1_000 * times[-1]:.0f} ms"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--restart", action="store_true", help="restart PostgreSQL at a third, and at two thirds")
    options = parser.parse_args(arguments)
    WORK.mkdir(parents=True, exist_ok=True)
    with server(None) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"drop database if exists {DATABASE} with (force)")
            connection.execute(f"create database {DATABASE}")
        portal = LimitedPortal(urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}")), WORK)
        portal.migrate()
        path, secret = deployed(portal)
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in portal.credentials())]
        with running(portal) as process:
            storm = Storm(portal.port, path, secret, some_keys(options.deliveries), options.seconds)
            time.sleep(5)
            watch, at_rest = Watch(portal.port, headers, process), memory_of(process)
            watching = threading.Thread(target=watch.run)
            watching.start()
            if options.restart:
                threading.Thread(target=restart_twice, args=(storm,), daemon=True).start()
            sent = storm.send(options.connections)
            drain = drained(portal.database_url)
            watch.stopping.set()
            watching.join()
        tell(storm, watch, at_rest, sent, drain)
        wrong = compared(portal.database_url, storm)
    print("\n".join(wrong) or "none lost, none doubled, each row there once")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
