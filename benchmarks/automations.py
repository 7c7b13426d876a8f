"""Measures runs of workflows, and puts them beside those of the peers of ../shared/peers, in the same run, on the same
PostgreSQL.

    python -m benchmarks.automations [--beside n8n] [options of the peers' `compare_automations.py run`]

PEERS_DIR names another folder of peers. A peer is left out that isn't installed in the copy of it under DATA_DIR
(`--install` does that; n8n takes minutes and 2.5 GB of memory). `--only-prepare` makes the portal and
prints the command.
"""

import argparse
import json
import re
import secrets
import shlex
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app.auth.accounts.operations import create_user
from app.auth.passwords.hashing import password_hasher
from app.automations.operations import deploy
from app.automations.tables.operations import create_table
from app.automations.tables.schemas import TableInput
from app.core.audit import SYSTEM, audit_as
from app.core.permissions import Role
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Client
from benchmarks.peers import PEERS, WORK, copy_of_peers, install, of_database, postgres
from benchmarks.portal import Portal

DATABASE = "diglit_automations"
SCRIPT = "compare_automations.py"
RUNS = """
    SELECT status, extract(epoch FROM started_at)::float8 AS began, extract(epoch FROM finished_at)::float8 AS ended
      FROM automation_runs WHERE created_at > %(mark)s
"""
TABLE = "sink"
SINK = "SELECT key FROM data_rows WHERE key LIKE %s"
GOALS = (
    ("runs/s, simple", "rate", 15.0),
    ("answer p50", "answer p50", 0.5),
    ("finished p50", "finished p50", 0.3),
    ("finished p99", "finished p99", 0.4),
    ("CPU of one more step", "step", 0.5),
    ("memory at rest", "memory", 0.25),
)
"""What is compared with n8n, and how many times its figure the portal's is to be: at least for rates, else at most."""


def step(name: str, kind: str, needs: str | None, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "needs": [needs] if needs else [], "with": values, **more}


def simple() -> list[dict[str, Any]]:
    """Is it valid? Three values, and a row."""
    row = {"client": "{{ steps.client.output.client }}", "total": "{{ steps.total.output.total }}",
           "note": "{{ steps.note.output.note }}"}  # fmt: skip
    return [
        step("valid", "condition", None, {"if": "trigger.body.amount > 0"}),
        step("total", "transform", "valid", {"total": "{{ round(trigger.body.amount * 1.2, 2) }}"},
             **{"if": "steps.valid.output.result"}),
        step("client", "transform", "total", {"client": "{{ upper(trim(trigger.body.client)) }}"}),
        step("note", "transform", "client",
             {"note": "{{ steps.client.output.client }}: {{ steps.total.output.total }}"}),
        step("write", "record", "note", {"kind": "row", "action": "create", "table": TABLE,
                                         "key": "{{ trigger.body.key }}", "values": row}),
    ]  # fmt: skip


def chain(length: int) -> list[dict[str, Any]]:
    """Steps that compute, one after the other."""
    steps = [step("s1", "transform", None, {"n": "{{ 0 + 1 }}"})]
    for number in range(2, length + 1):
        before = f"s{number - 1}"
        steps.append(step(f"s{number}", "transform", before, {"n": f"{{{{ steps.{before}.output.n + {number} }}}}"}))
    return steps


def deployed(portal: Portal) -> dict[str, str]:
    """The paths of the webhooks of a company's workflows."""
    workflows = {"simple": simple(), "steps1": chain(1), "steps20": chain(20)}
    with portal.app.app_context(), as_system("a benchmark"):
        audit_as(db.session, actor=SYSTEM, action="create")
        company = Client(name="Runs")
        db.session.add(company)
        db.session.flush()
        owner = create_user(
            username=f"owner-{secrets.token_hex(4)}", email="owner@example.com", password=secrets.token_urlsafe(16),
            role=Role.CLIENT, hashing=password_hasher(), actor=SYSTEM, client_id=company.id,
        )  # fmt: skip
        db.session.commit()
        create_table(TableInput(name=TABLE, client_id=company.id), actor=owner)
        paths = {}
        for name, steps in workflows.items():
            workflow = {"trigger": {"type": "webhook"}, "steps": steps}
            made = deploy(name, workflow, client_id=company.id, actor=owner, max_concurrent=None)
            paths[name] = f"/api/hooks/{made.token}"
        db.session.commit()
        return paths


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", default="none", help="peers, comma between them: n8n, node-red")
    parser.add_argument("--install", action="store_true", help="install these peers first")
    parser.add_argument("--only-prepare", action="store_true")
    options, passed_on = parser.parse_known_args(arguments)
    if not (PEERS / SCRIPT).exists():
        print(f"There is no {PEERS.name}/{SCRIPT} beside this checkout (PEERS_DIR), which measures.")
        return 0
    folder = copy_of_peers()
    install(folder, [])
    if options.install:
        subprocess.run([sys.executable, SCRIPT, "setup", "--only", options.beside], cwd=folder, check=True)
    with postgres(folder) as (uri, environment):
        portal = Portal(of_database(uri, DATABASE), WORK)
        with psycopg.connect(uri, autocommit=True) as server:
            server.execute(f"drop database if exists {DATABASE} with (force)")
            server.execute(f"create database {DATABASE}")
        portal.migrate()
        command = [str(part) for part in measuring(folder, portal, deployed(portal), options.beside)] + passed_on
        if options.only_prepare:
            print(shlex.join(command))
            input("The server stays until Enter is pressed. ")
            return 0
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if status == 0:
        tell_goals(max((folder / "results").glob("automations-*.json")))
    return status


def measuring(folder: Path, portal: Portal, hooks: dict[str, str], peers: str) -> list[Any]:
    return [
        *(folder / ".venvs/tool/bin/python", SCRIPT, "run", "--peers", peers),
        *("--target", f"portal=http://127.0.0.1:{portal.port}", "--target-health", "/healthz"),
        *(part for name, path in hooks.items() for part in ("--target-hook", f"{name}={path}")),
        *("--target-db", portal.database_url, "--target-cmd", portal.start_command()),
        *("--target-mark", "SELECT clock_timestamp()", "--target-runs", RUNS),
        *("--target-sink", SINK),
    ]


def tell_goals(results: Path) -> None:
    """How the portal's figures compare with n8n's, and whether that is what was wanted."""
    report = results.with_suffix(".md")
    figures = {name: figures_of(name, results, report) for name in ("portal", "n8n")}
    print(f"\n{report}")
    for label, key, goal in GOALS:
        ours, theirs = figures["portal"].get(key), figures["n8n"].get(key)
        if ours is None or not theirs:
            continue
        times = ours / theirs
        reached = times >= goal if key == "rate" else times <= goal
        verdict = "reached" if reached else "not reached"
        print(f"  {label:<22} {ours:10.2f} beside {theirs:10.2f}: {times:.3f} times, goal {goal:g}: {verdict}")


def figures_of(name: str, results: Path, report: Path) -> dict[str, float]:
    samples = {part["what"]: part["samples"] for part in json.loads(results.read_text()) if part["peer"] == name}
    if "simple" not in samples:
        return {}
    cpu = {what: median(one["cpu_ms"] for one in samples[what]) for what in ("steps1", "steps20")}
    found = {"rate": median(one["rate"] for one in samples["simple"]), "step": (cpu["steps20"] - cpu["steps1"]) / 19}
    for place, what in enumerate(("answer", "finished")):
        times = sorted(1e3 * time for sample in samples["simple latency"] for time in sample[place])
        if times:
            found |= {f"{what} p50": times[len(times) // 2], f"{what} p99": times[int(len(times) * 0.99)]}
    if memory := re.search(rf"^\| {name} \| \d+ / (\d+) \|", report.read_text(), re.MULTILINE):
        found["memory"] = float(memory[1])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
