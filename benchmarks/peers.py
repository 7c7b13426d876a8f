"""Puts this portal beside the peers of ../shared/peers, in the same run, on the same PostgreSQL and the same rows.

    python -m benchmarks.peers [options of the peers' `compare.py run`]

PEERS_DIR names another folder of peers. It may be read-only: the work is done in a copy under DATA_DIR.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg
from psycopg.rows import dict_row

from benchmarks import people
from benchmarks.portal import Portal
from config import ROOT

PEERS = Path(os.environ.get("PEERS_DIR", ROOT.parent / "shared" / "peers"))
WORK = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve() / "bench"
DATABASE = "diglit_bench"
INSTALLED = ("tool", "express", "django")
DEFAULT_PEERS = "express,django"

# The existing frontend reads without credentials, as it does from the peers; writing and the portal need a sign-in. The
# portal's own idea of who fits gives other people than the peers' formula does: of those answers the statuses are
# checked alone.
ANONYMOUS, SIGNED_IN, OWN_ANSWERS = ("hello", "list", "detail"), ("create", "admin"), ("assistants", "match")
PATHS = {
    "hello": "/healthz",
    "list": "/api/products?limit=50",
    "detail": "/api/products/{id}",
    "create": "/api/products",
    "admin": "/admin/products",
    "assistants": "/api/virtual-assistants?skill={skill}&sort=-rating&limit=20",
    "match": "/api/virtual-assistants/match",
    "kpi": "-",
}
MATCH = '{"skills": {skills}, "max_hourly_rate": {max_rate}, "hours_per_week": {hours_per_week}, "limit": 10}'

GOALS = {
    "list": ("express", 6.8),
    "detail": ("express", 4.2),
    "create": ("express", 0.6),
    "admin": ("django", 12.5),
    "assistants": ("express", 11.4),
    "match": ("express", 14.0),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="list,detail,create,admin,assistants,match")
    parser.add_argument("--peers", default=DEFAULT_PEERS)
    parser.add_argument("--signed-in-reads", action="store_true", help="send a token with the public reads too")
    options, passed_on = parser.parse_known_args(arguments)
    if not (PEERS / "compare.py").exists():
        print(f"No peers to compare with: there is no {PEERS.name}/compare.py beside this checkout (PEERS_DIR).")
        return 0
    folder = copy_of_peers()
    install(folder, options.peers.split(","))
    with postgres(folder) as (uri, environment):
        portal = Portal(of_database(uri, DATABASE), WORK)
        print("Loading the peers' rows into a database of this portal …", flush=True)
        load_products(uri, portal)
        if {"assistants", "match"} & set(options.scenarios.split(",")):
            load_assistants(uri, portal)
        return compare(folder, portal, environment, options, passed_on)


def copy_of_peers() -> Path:
    """A copy that may be written to; what a run before has installed there stays."""
    folder = WORK / "peers"
    kept = shutil.ignore_patterns(".data", ".venvs", "node_modules", "results", "dist", "__pycache__")
    shutil.copytree(PEERS, folder, ignore=kept, dirs_exist_ok=True)
    return folder


def install(folder: Path, peers: list[str]) -> None:
    done = {"tool": ".venvs/tool/bin/python", "express": "express-drizzle/dist/cluster.js"}
    wanted = ["tool", *(peer for peer in peers if peer in ("express", "fastapi", "django", "directus"))]
    missing = [name for name in wanted if not (folder / done.get(name, f".venvs/{name}/bin/python")).exists()]
    if missing:
        print(f"Installing {', '.join(missing)} …", flush=True)
        subprocess.run([sys.executable, "compare.py", "setup", "--only", ",".join(missing)], cwd=folder, check=True)


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The peers' PostgreSQL while the block runs: its address, and the environment in which to reach it."""
    runtime = WORK / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
    command = [folder / ".venvs/tool/bin/python", "compare.py", "serve"]
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        uri = server.stdout.readline().strip()
        if not uri:
            raise SystemExit("The peers' PostgreSQL did not start; what it says stands above.")
        yield uri, environment
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def of_database(uri: str, name: str) -> str:
    """The same server's address of another database."""
    head, _, query = uri.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{query}"


def load_products(uri: str, portal: Portal) -> None:
    """Make the portal's database anew, with the peers' products in it under their ids and times."""
    with psycopg.connect(uri, autocommit=True) as server:
        server.execute(f"drop database if exists {DATABASE} with (force)")
        server.execute(f"create database {DATABASE}")
    portal.migrate()
    with psycopg.connect(uri, row_factory=dict_row) as peers, psycopg.connect(portal.database_url) as ours:
        columns = "id, name, category, description, price, features, icon, created_at"
        portal.insert_products(ours, peers.execute(f"select {columns} from products").fetchall())
    with psycopg.connect(portal.database_url, autocommit=True) as ours:
        ours.execute("vacuum analyze")


_TAKE_ON = """
    insert into skills (id, name, slug, category, created_at, updated_at)
    select gen_random_uuid(), name, name, 'Peers', now(), now()
      from (select distinct unnest(skills) as name from taken) s
     where not exists (select from skill_terms t where t.term_key = skill_key(s.name));
    set session_replication_role = replica;
    insert into assistants (id, name, hourly_rate, weekly_hours, rating_sum, reviews_count, skill_words,
                            created_at, updated_at)
    select id, 'Person ' || row_number() over (order by id), hourly_rate, hours, round(rating * 100), 100,
           array_to_string(skills, ' '), now(), now() from taken;
    insert into assistant_skills (id, assistant_id, skill_id, position, created_at, updated_at)
    select gen_random_uuid(), a.id, t.skill_id, s.at, now(), now()
      from taken a
     cross join unnest(a.skills) with ordinality s (name, at)
      join skill_terms t on t.term_key = skill_key(s.name)
    on conflict do nothing;
    insert into assistant_changes (assistant_id, xact) select id, pg_current_xact_id() from taken;
    set session_replication_role = origin;
"""


def load_assistants(uri: str, portal: Portal) -> None:
    """The peers' assistants under their ids, with their skills, rates, hours and ratings."""
    columns = "id, skills, hourly_rate, (availability ->> 'hours_per_week')::int, rating"
    with psycopg.connect(uri) as peers, psycopg.connect(portal.database_url, autocommit=True) as ours:
        ours.execute("create temp table taken (id uuid, skills text[], hourly_rate numeric, hours int, rating numeric)")
        with (
            peers.cursor().copy(f"copy (select {columns} from virtual_assistants) to stdout") as source,  # type: ignore[arg-type]
            ours.cursor().copy("copy taken from stdin") as target,
        ):
            for data in source:
                target.write(data)
        ours.execute(_TAKE_ON)
        for table in ("assistants", "assistant_skills"):
            people.count_anew(ours, table)
        ours.execute("vacuum analyze")


def compare(
    folder: Path, portal: Portal, environment: dict[str, str], options: argparse.Namespace, passed_on: list[str]
) -> int:
    """Run what needs no sign-in and what does one after the other: a run sends the same headers everywhere."""
    asked = options.scenarios.split(",")
    first, second = (ANONYMOUS, SIGNED_IN) if not options.signed_in_reads else ((), ANONYMOUS + SIGNED_IN)
    own = ("--target-own-data", "--target-body", f"match={MATCH}")
    runs: tuple[tuple[tuple[str, ...], Callable[[], list[str]], tuple[str, ...]], ...] = (
        (first, list, ()), (second, portal.credentials, ()), (OWN_ANSWERS, portal.client_credentials, own),
    )  # fmt: skip
    reports = []
    for scenarios, headers, more in runs:
        names = [name for name in asked if name in scenarios]
        if not names:
            continue
        out = WORK / "results" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{'-'.join(names)}"
        command = [
            *(folder / ".venvs/tool/bin/python", "compare.py", "run", "--peers", options.peers),
            *("--scenarios", ",".join(names), "--out", out),
            *("--target", f"portal=http://127.0.0.1:{portal.port}", "--target-health", "/healthz"),
            *("--target-cmd", portal.start_command(), "--target-clean", portal.clean_command()),
            *(part for name, path in PATHS.items() for part in ("--target-path", f"{name}={path}")),
            *(part for header in headers() for part in ("--target-header", header)),
            *more,
            *passed_on,
        ]
        status = subprocess.run([str(part) for part in command], cwd=folder, env=environment, check=False).returncode
        if status:
            return status
        reports.append(out.with_suffix(".md"))
        time.sleep(1)
    for report in reports:
        tell_goals(report)
    return 0


def tell_goals(report: Path) -> None:
    """How many times the peer's requests per second the portal answered: the median of the rounds, and their range."""
    print(f"\n{report}")
    for scenario, by_server in json.loads(report.with_suffix(".json").read_text())["result"].items():
        peer, goal = GOALS.get(scenario, ("express", 1.0))
        pairs = zip(by_server.get("portal", ()), by_server.get(peer, ()), strict=False)
        times = sorted(ours["rps"] / theirs["rps"] for ours, theirs in pairs if theirs["rps"])
        if times:
            verdict = "reached" if median(times) >= goal else "not reached"
            measured = f"{median(times):.2f} times {peer} [{times[0]:.2f} to {times[-1]:.2f}]"
            print(f"  {scenario:<8} {measured}, goal {goal:g}: {verdict}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
