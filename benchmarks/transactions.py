"""What a request costs in this checkout and in another one, on one database.

    python -m benchmarks.transactions --beside PATH [--url postgresql://…] [--beside-url postgresql://…]
                                      [--through postgresql://…]

Each checkout answers in a process of its own, without a server around it; they take turns, some calls at a time. Told
are medians over the rounds in microseconds: the time by the clock, and the processor time of the process and, where
the server is on this machine, of its backends, which other work on the machine disturbs less. The database must have
the schema of both and the demo data; a checkout of another schema has its own by `--beside-url`. With `--through`, this
checkout answers a second time through that address.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import IO, Any

import psycopg

from app.core.tenancy import as_system
from app.identity import sessions
from config import ROOT, environment_for

ROUNDS, CALLS = 40, 10


def answers(lines: IO[str]) -> None:
    """In the child: time the calls that are asked for."""
    from sqlalchemy import text  # noqa: PLC0415

    from app import create_app  # noqa: PLC0415
    from app.assistants.matching import index  # noqa: PLC0415
    from app.extensions import db  # noqa: PLC0415
    from app.identity import queries as users  # noqa: PLC0415
    from app.identity.sessions import Device  # noqa: PLC0415

    app = create_app()
    with app.app_context(), as_system("a benchmark"):
        issue = app.extensions["access_tokens"].issue
        headers = {}
        for name in ("manager", "client"):
            user = users.find_user(f"{name}@diglit.test")
            started = sessions.start_session(user, kind="api", device=Device("bench", ""))
            headers[name] = {"Authorization": f"Bearer {issue(started.session)}"}
        db.session.commit()
        index.switch_on(app)
    program = app.test_client(use_cookies=False)

    def get(name: str, path: str) -> Callable[[], Any]:
        def call() -> None:
            answer = program.get(path, headers=headers[name])
            assert answer.status_code == 200, (path, answer.status_code)
            answer.get_data()

        return call

    def bare() -> None:
        with app.app_context(), as_system("a benchmark"), db.engine.connect() as connection:
            connection.execute(text("select 1"))

    def create() -> None:
        body = {"name": f"Bench {time.monotonic_ns()}", "category": "Bench", "description": "x", "price": "1.00"}
        answer = program.post("/api/products", json=body, headers=headers["manager"])
        assert answer.status_code == 201, answer.get_data()

    def create_again() -> None:
        body = {"name": "Bench again", "category": "Bench", "description": "x", "price": "1.00"}
        answer = program.post("/api/products", json=body, headers=headers["manager"])
        assert answer.status_code == 201, answer.get_data()

    def match() -> None:
        body = {"skills": ["bookkeeping", "Excel"], "hours_per_week": 5, "max_hourly_rate": "90.00", "limit": 10}
        answer = program.post("/api/virtual-assistants/match", json=body, headers=headers["client"])
        assert answer.status_code == 201, answer.get_data()

    calls = {
        "a transaction with `select 1`": bare,
        "GET /api/products (manager)": get("manager", "/api/products?limit=20&sort=-price"),
        "GET /api/expert-teams/projects (client)": get("client", "/api/expert-teams/projects"),
        "GET /api/virtual-assistants/my-matches": get("client", "/api/virtual-assistants/my-matches"),
        "POST /api/products (manager)": create,
        "POST /api/products of one name": create_again,
        "POST /api/virtual-assistants/match": match,
    }
    database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    print(json.dumps(list(calls)), flush=True)
    for line in lines:
        call = calls[json.loads(line)]
        began = _spent(database)
        for _ in range(CALLS):
            call()
        spent = [(now - before) / CALLS * 1e6 for now, before in zip(_spent(database), began, strict=True)]
        print(json.dumps(spent), flush=True)


def _spent(database: psycopg.Connection[Any]) -> tuple[float, float, float]:
    """Seconds by the clock, of this process, and of the database's backends but the one that is asked for them."""
    backends = 0
    for (pid,) in database.execute(
        "select pid from pg_stat_activity where pid <> pg_backend_pid() and datname is not null"
    ):
        with suppress(OSError):
            backends += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return time.perf_counter(), time.process_time(), backends / 1e9


class Side:
    """A checkout's process."""

    def __init__(self, checkout: Path, url: str) -> None:
        environment = environment_for(
            PYTHONPATH=str(checkout), DATABASE_URL=url, RATE_LIMITS="off", LOG_LEVEL="ERROR", APP_ENV="development"
        )
        program = Path(__file__).resolve()
        self.process = subprocess.Popen(
            [sys.executable, str(program), "--answer"], cwd=checkout, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.calls: list[str] = json.loads(self._line())
        self.spent: dict[str, list[list[float]]] = {name: [] for name in self.calls}

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def take_turn(self, name: str, *, counts: bool) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(name) + "\n")
        self.process.stdin.flush()
        spent = json.loads(self._line())
        if counts:
            self.spent[name].append(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--beside-url", help="its database, if not the same")
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"))
    parser.add_argument("--through", help="another address of the same database, such as a pooler's")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answers(sys.stdin)
        return
    sides = {"beside": Side(options.beside, options.beside_url or options.url)} if options.beside else {}
    sides["this"] = Side(ROOT, options.url)
    if options.through:
        sides["this, through"] = Side(ROOT, options.through)
    for turn in range(ROUNDS + 3):
        for name in sides["this"].calls:
            for side in sides.values():
                side.take_turn(name, counts=turn >= 3)
    for name in sides["this"].calls:
        times = {
            which: [median(column) for column in zip(*side.spent[name], strict=True)] for which, side in sides.items()
        }
        first = next(iter(times.values()))
        print(name)
        for which, spent in times.items():
            told = zip(("clock", "process", "database"), spent, first, strict=True)
            ratios = (f"{of} {now:6.0f} µs ({now / max(before, 1):.2f})" for of, now, before in told)
            print(f"  {which:<14}{'   '.join(ratios)}", flush=True)
    for side in sides.values():
        assert side.process.stdin is not None
        side.process.stdin.close()
        side.process.wait()


if __name__ == "__main__":
    main()
