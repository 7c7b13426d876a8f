"""Writing what a look at runs has found, many at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.automations.models import Automation, Run, Work
from app.automations.runs import work
from app.automations.runs.advancing import Look
from app.automations.runs.failing import has_failed_within
from app.automations.runs.figures import count_ends
from app.automations.runs.limits import give_back
from app.core.events import publish
from app.core.json_columns import stored_text
from app.core.rls import rows_of
from app.extensions import db

TOLD_AGAIN_AFTER = timedelta(hours=1)
LARGEST_DOCUMENT = 8 << 20
"""Rows go to the database in documents of so many characters, and one row more."""
_RUN_COLUMNS = ("status", "started_at", "finished_at", "output", "error", "fingerprint")
_INSERT_STEPS = """
    insert into automation_steps (run_id, position, item, client_id, step_id, type, status, attempts, key,
                                  input, output, would, error, notes, due_at, started_at, finished_at)
    select run_id, position, item, client_id, step_id, type, status, attempts, key,
           input, output, would, error, notes, due_at, started_at, finished_at
      from jsonb_to_recordset(%(rows)s::jsonb)
           as given (run_id uuid, position bigint, item bigint, client_id uuid, step_id text, type text, status text,
                     attempts bigint, key uuid, input jsonb, output jsonb, would jsonb, error jsonb, notes jsonb,
                     due_at timestamptz, started_at timestamptz, finished_at timestamptz)
"""
_UPDATE_RUNS = """
    update automation_runs run
       set status = given.status, started_at = given.started_at, finished_at = given.finished_at,
           output = given.output, error = given.error, fingerprint = given.fingerprint
      from jsonb_to_recordset(%(rows)s::jsonb)
           as given (id uuid, status text, started_at timestamptz, finished_at timestamptz, output jsonb, error jsonb,
                     fingerprint text)
     where run.id = given.id and run.finished_at is null
"""


def write(looks: Sequence[Look]) -> None:
    """Keep the steps, the work and the states of these runs."""
    connection = db.session.connection()
    _send(_INSERT_STEPS, (row for look in looks for row in look.steps))
    if things := [row for look in looks for row in look.work]:
        connection.execute(insert(Work.__table__), things)  # type: ignore[arg-type]
    _send(_UPDATE_RUNS, (_run_values(look) for look in looks if look.run_values))
    ended = [look for look in looks if look.run_values.get("finished_at") is not None]
    for look in ended:
        tell_caller(look.run)
        if look.run_values["status"] == "failed" and not look.run.dry_run:
            _tell_of_failure(look)
    give_back({look.run.automation_id for look in ended})
    count_ends((look.run, look.run_values["status"], look.run_values["finished_at"]) for look in ended)


def _send(statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Have the statement write the rows, which it takes out of one JSON document, or of several if there is much."""
    texts: list[str] = []
    length = 0
    for row in rows:
        texts.append(stored_text(row))
        length += len(texts[-1])
        if length > LARGEST_DOCUMENT:
            _send_texts(statement, texts)
            texts, length = [], 0
    _send_texts(statement, texts)


def _send_texts(statement: str, texts: Sequence[str]) -> None:
    if texts:
        rows_of(db.session.connection(), statement, {"rows": f"[{','.join(texts)}]"})


def _run_values(look: Look) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(look.run, name) for name in _RUN_COLUMNS}
    return {**values, **look.run_values, "id": look.run.id}


def _tell_of_failure(look: Look) -> None:
    """Publish that a run failed; of many that fail for the same reason, one an hour."""
    values, run = look.run_values, look.run
    if has_failed_within(TOLD_AGAIN_AFTER, run, values["fingerprint"]):
        return
    automation = db.session.get_one(Automation, run.automation_id)
    error = values["error"]
    publish(
        "automation.run_failed", about=run, within=automation, label=automation.name, actor=None,
        automation=automation.name, step=error["step"], reason=str(error.get("message", ""))[:500], caused_by=run.id,
    )  # fmt: skip


def tell_caller(run: Run) -> None:
    """Have the step of another run looked at that waits for this one. It isn't touched here: whoever holds the caller
    may want this run, to cancel it."""
    if run.called_by is not None and run.parent_run_id is not None:
        caller = run.called_by
        work.add_for(
            run.parent_run_id,
            run.client_id,
            UUID(caller["automation_id"]),
            position=caller["position"],
            item=caller["item"],
        )
