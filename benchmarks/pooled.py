"""The whole portal behind PgBouncer, used by several at once while connections are cut; what each was answered.

    python -m benchmarks.pooled [--mode transaction | session] [--size 4] [--seconds 30]

Two companies, a manager, strangers and people who sign in ask on, each comparing every answer with what was answered
in peace. Meanwhile server connections are ended, PgBouncer is told to connect anew, and is killed and started once.
A 503 is an answer; another company's row, a sign-in that is forgotten, a 500 or a suspended user who stays in is not.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg

from app.cli.embedded import EmbeddedPostgres
from benchmarks.portal import free_port
from config import ROOT, environment_for
from tests.pgbouncer import PgBouncer, running

PASSWORD = "Bench-pass-77-word"
LISTS = ("/api/expert-teams/projects?limit=100", "/api/virtual-assistants/my-matches?limit=100", "/api/auth/me")
BAD = ("wrong", "lost", "500", "401", "stayed in")


class Load:
    def __init__(self, address: str, seconds: float) -> None:
        self.address = address
        self.until = time.monotonic() + seconds
        self.seen: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self._lock = threading.Lock()

    def note(self, kind: str, example: str = "") -> None:
        with self._lock:
            self.seen[kind] += 1
            self.examples.setdefault(kind, example[:200])

    def sign_in(self, program: httpx.Client, name: str) -> httpx.Response:
        return program.post("/api/auth/login", json={"username": f"{name}@diglit.test", "password": PASSWORD})

    def program(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=20)

    def signed_in(self, name: str) -> httpx.Client:
        with self.program() as stranger:
            return self.program(self.sign_in(stranger, name).json()["access_token"])

    def ask_on(self, asked: dict[str, Any], program: httpx.Client) -> None:
        """Ask for each again and again; the answers are to be those of before."""
        while time.monotonic() < self.until:
            path = random.choice(list(asked))
            with self._answered(program, path) as answer:
                if answer.status_code != 503:
                    right = (answer.status_code, brief(answer)) == asked[path]
                    self.note("right" if right else f"wrong {answer.status_code}", f"{path} {answer.text}")

    def sign_in_on(self, name: str) -> None:
        """Sign in again and again, and be known with it."""
        while time.monotonic() < self.until:
            with self.program() as stranger, suppress(httpx.TransportError):
                answer = self.sign_in(stranger, name)
                if answer.status_code == 503:
                    self.note("503")
                    continue
                if answer.status_code != 200:
                    self.note(f"sign-in {answer.status_code}", answer.text)
                    continue
                own = self.program(answer.json()["access_token"])
                with own, self._answered(own, "/api/auth/me") as found:
                    if found.status_code != 503:
                        right = found.status_code == 200 and found.json()["email"] == f"{name}@diglit.test"
                        self.note("signed in" if right else "lost sign-in", found.text)

    @contextmanager
    def _answered(self, program: httpx.Client, path: str) -> Iterator[httpx.Response]:
        try:
            answer = program.get(path)
        except httpx.TransportError as error:
            self.note(f"no answer: {type(error).__name__}")
            time.sleep(0.2)
            yield httpx.Response(503)
            return
        if answer.status_code == 503:
            self.note("503")
            time.sleep(0.1)
        yield answer


def brief(answer: httpx.Response) -> Any:
    """What doesn't change from one answer to the next."""
    if answer.status_code != 200:
        return None
    found = answer.json()
    return [row["id"] for row in found] if isinstance(found, list) else found.get("id")


def in_peace(program: httpx.Client) -> dict[str, Any]:
    answers = {path: program.get(path) for path in (*LISTS, "/api/products?limit=100")}
    return {path: (answer.status_code, brief(answer)) for path, answer in answers.items()}


def suspend_on(load: Load, direct: str, manager: httpx.Client, user: str) -> None:
    """Suspend somebody by the API, and by hand; see how long they stay in."""
    while time.monotonic() < load.until - 3:
        set_status(direct, user, "active")
        with load.program() as stranger, suppress(httpx.TransportError, KeyError):
            token = load.sign_in(stranger, "expert").json()["access_token"]
            with load.program(token) as program:
                if program.get("/api/auth/me").status_code != 200:
                    continue
                by_hand = random.random() < 0.5
                if by_hand:
                    set_status(direct, user, "suspended")
                elif manager.patch(f"/api/users/{user}", json={"status": "suspended"}).status_code != 200:
                    continue
                stayed = seconds_until_out(program, 10.0)
                # What is changed by hand is heard; what the portal changes is known before it answers.
                late = stayed > (1.5 if by_hand else 0.25)
                load.note("stayed in" if late else "suspended, and out", f"{stayed:.2f} s, by hand: {by_hand}")
    set_status(direct, user, "active")


def seconds_until_out(program: httpx.Client, at_most: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < at_most:
        asked = time.monotonic()
        with suppress(httpx.TransportError):
            if program.get("/api/auth/me").status_code == 401:
                return asked - began
    return at_most


def set_status(direct: str, user: str, status: str) -> None:
    with psycopg.connect(direct, autocommit=True) as owner:
        owner.execute("update users set status = %s where id = %s", [status, user])


def cut_on(load: Load, bouncer: PgBouncer, direct: str) -> None:
    """End a server connection every half second, connect anew every fifth time, and kill PgBouncer once midway."""
    middle = time.monotonic() + (load.until - time.monotonic()) / 2
    turn = 0
    while time.monotonic() < load.until - 2:
        time.sleep(0.5)
        turn += 1
        with psycopg.connect(direct, autocommit=True) as owner:
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and usename like 'diglit%' order by random() limit 1"
            )
            load.note("cut")
        if turn % 5 == 0:
            bouncer.tell("reconnect")
            load.note("reconnect")
        if time.monotonic() > middle:
            middle = float("inf")
            bouncer.kill()
            bouncer.start()
            load.note("PgBouncer killed and started")


def jobs_run(direct: str) -> bool:
    """Whether a worker takes a job that comes now."""
    with psycopg.connect(direct, autocommit=True) as owner:
        found = owner.execute(
            "insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'jobs.prune', '{}')"
            " returning id"
        ).fetchone()
        until = time.monotonic() + 40
        while time.monotonic() < until:
            status = owner.execute("select status::text from procrastinate_jobs where id = %s", found).fetchone()
            if status in (("succeeded",), None):
                return True
            time.sleep(0.2)
    return False


def measure(bouncer: PgBouncer, direct: str, address: str, seconds: float) -> int:
    load = Load(address, seconds)
    people = [load.signed_in(name) for name in ("client", "client2", "manager")]
    asked = [in_peace(program) for program in people]
    admin, suspended = load.signed_in("admin"), load.signed_in("expert").get("/api/auth/me").json()["id"]
    assert len({json.dumps(answers) for answers in asked}) == 3, "the companies must see different rows"
    asked_by_strangers = in_peace(load.program())
    work: list[Callable[[], None]] = [
        *(lambda a=answers, p=program: load.ask_on(a, p) for answers, program in zip(asked, people, strict=True)),
        lambda: load.ask_on(asked_by_strangers, load.program()),
        lambda: load.sign_in_on("manager"),
        lambda: load.sign_in_on("client2"),
        lambda: suspend_on(load, direct, admin, suspended),
        lambda: cut_on(load, bouncer, direct),
    ]
    load.until = time.monotonic() + seconds
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.note("a job ran afterwards" if jobs_run(direct) else "lost worker")
    for kind, count in load.seen.most_common():
        bad = any(part in kind for part in BAD)
        print(f"{count:7} {kind}{'   ' + load.examples[kind] if bad else ''}", flush=True)
    return int(any(part in kind for kind in load.seen for part in BAD))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="transaction", choices=["transaction", "session"])
    parser.add_argument("--size", type=int, default=4, help="server connections for each user (session: 60)")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    size = max(options.size, 60) if options.mode == "session" else options.size
    with tempfile.TemporaryDirectory(prefix="diglit-pooled-") as name:
        embedded = EmbeddedPostgres(Path(name) / "server")
        embedded.start()
        port = free_port()
        try:
            with running(embedded.url, mode=options.mode, size=size) as bouncer:
                given = {"DATA_DIR": f"{name}/data", "PORT": str(port), "DATABASE_URL": bouncer.url}
                if options.mode == "transaction":
                    given["DATABASE_DIRECT_URL"] = embedded.url
                environment = environment_for(
                    **given, APP_ENV="development", DEMO_PASSWORD=PASSWORD, RATE_LIMITS="off", LOG_LEVEL="ERROR"
                )
                with served(environment, Path(name) / "log") as address:
                    return measure(bouncer, embedded.url, address, options.seconds)
        finally:
            embedded.stop()


@contextmanager
def served(environment: dict[str, str], log: Path) -> Iterator[str]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.serve"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        while "Ctrl-C" not in log.read_text():
            if process.poll() is not None:
                raise SystemExit(log.read_text())
            time.sleep(0.2)
        yield f"http://127.0.0.1:{environment['PORT']}"
    finally:
        process.terminate()
        process.wait(15)
        if "KEEP_LOG" in os.environ:
            Path(os.environ["KEEP_LOG"]).write_text(log.read_text())


if __name__ == "__main__":
    sys.exit(main())
