"""What a request costs in this checkout and in another one, on one database.

    python -m benchmarks.transactions --beside PATH [--url postgresql://…] [--through postgresql://…]

Each checkout answers in a process of its own, without a server around it; they take turns, some calls at a time. Told
are medians over the rounds in microseconds of wall time, the database's share included. The database must have the
schema of both and the demo data. With `--through`, this checkout answers a second time through that address.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import IO, Any

from app.core.tenancy import as_system
from app.identity import sessions
from config import ROOT, environment_for

ROUNDS, CALLS = 40, 10


def answers(lines: IO[str]) -> None:
    """In the child: time the calls that are asked for."""
    from sqlalchemy import text  # noqa: PLC0415

    from app import create_app  # noqa: PLC0415
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
    program = app.test_client()

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

    calls = {
        "a transaction with `select 1`": bare,
        "GET /api/products (manager)": get("manager", "/api/products?limit=20&sort=-price"),
        "GET /api/expert-teams/projects (client)": get("client", "/api/expert-teams/projects"),
        "GET /api/virtual-assistants/my-matches": get("client", "/api/virtual-assistants/my-matches"),
        "POST /api/products (manager)": create,
    }
    print(json.dumps(list(calls)), flush=True)
    for line in lines:
        call = calls[json.loads(line)]
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        print((time.perf_counter() - began) / CALLS * 1e6, flush=True)


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
        self.spent: dict[str, list[float]] = {name: [] for name in self.calls}

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def take_turn(self, name: str, *, counts: bool) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(name) + "\n")
        self.process.stdin.flush()
        spent = float(self._line())
        if counts:
            self.spent[name].append(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--url", default=os.environ.get("DATABASE_URL"))
    parser.add_argument("--through", help="another address of the same database, such as a pooler's")
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answers(sys.stdin)
        return
    sides = {"beside": Side(options.beside, options.url)} if options.beside else {}
    sides["this"] = Side(ROOT, options.url)
    if options.through:
        sides["this, through"] = Side(ROOT, options.through)
    for turn in range(ROUNDS + 3):
        for name in sides["this"].calls:
            for side in sides.values():
                side.take_turn(name, counts=turn >= 3)
    for name in sides["this"].calls:
        times = {which: median(side.spent[name]) for which, side in sides.items()}
        first = next(iter(times.values()))
        told = "  ".join(f"{which} {spent:8.0f} µs ({spent / first:.2f})" for which, spent in times.items())
        print(f"{name:<42}{told}", flush=True)
    for side in sides.values():
        assert side.process.stdin is not None
        side.process.stdin.close()
        side.process.wait()


if __name__ == "__main__":
    main()
