"""From nine steps of an invoice intake to a run that ends right, though its worker was killed: portal and workers are
processes of their own, and all of it is done as a client's program would."""

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.extensions import db
from app.integrations.email.mailbox import Mailbox
from tests.events.test_killed import worker
from tests.factories import PASSWORD, make_user
from tests.live import serving

NAMES = ("Open the mail", "Save the file", "Type the header", "Type the lines", "Check the order", "Ask for approval",
         "Book it", "Answer the supplier", "File it")  # fmt: skip
PROCESS = {
    "process": "Invoice intake",
    "hourly_cost": "35.00",
    "steps": [
        {
            "name": name, "minutes": 4, "times_per_month": 400, "rule_based": name != "Ask for approval",
            "structured_input": True, "systems": ["mail", "books"], "exception_rate": 0.05,
        }
        for name in NAMES
    ],
}  # fmt: skip


@dataclass
class Books:
    """A service that fails the first two times, and then takes as long as it is told."""

    heard: list[tuple[str, Any]] = field(default_factory=list)
    slow: float = 0.0
    address: str = ""

    def answer(self, key: str, body: Any) -> int:
        self.heard.append((key, body))
        if len(self.heard) <= 2:
            return 503
        time.sleep(self.slow)
        return 200


@contextmanager
def books() -> Iterator[Books]:
    service = Books()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = service.answer(self.headers["Idempotency-Key"], body)
            answer = json.dumps({"number": 4711, "for": body["invoice"]}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service.address = f"http://127.0.0.1:{server.server_port}/invoices"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def workflow(address: str) -> dict[str, Any]:
    return {
        "trigger": {"type": "webhook", "signed": True},
        "steps": [
            {"id": "valid", "type": "condition", "with": {"if": "trigger.body.amount > 0"}},
            {
                "id": "book", "type": "http", "needs": ["valid"], "if": "steps.valid.output.result",
                "with": {"method": "POST", "url": address, "json": {"invoice": "{{ trigger.body.invoice }}"}},
                "retry": {"max_attempts": 3, "backoff_seconds": 0.2}, "timeout_seconds": 20,
                "example": {"status": 200, "body": {"number": 1}},
            },
            {
                "id": "approve", "type": "approval", "needs": ["book"],
                "with": {"ask": "Pay {{ trigger.body.invoice }}?"},
            },
            {
                "id": "ask_team", "type": "record", "needs": ["approve"],
                "with": {"kind": "project", "action": "find", "where": {}},
            },
            {
                "id": "tell", "type": "email", "needs": ["approve"],
                "with": {"to": "supplier@example.com", "subject": "{{ trigger.body.invoice }} is paid",
                         "text": "Booked as {{ steps.book.output.body.number }}."},
            },
        ],
    }  # fmt: skip


class Program:
    """A client's program."""

    def __init__(self, portal: str, username: str) -> None:
        self.portal = portal
        answer = requests.post(
            f"{portal}/api/auth/login", json={"username": username, "password": PASSWORD}, timeout=30
        ).json()
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        address = f"{self.portal}/api/ai-automation{path}"
        answer = requests.request(method, address, json=body, headers=self.headers, timeout=30)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def until(self, run_id: str, holds: Callable[[Any], bool], within: float = 60) -> Any:
        end = time.monotonic() + within
        while time.monotonic() < end:
            run = self("GET", f"/runs/{run_id}")
            if holds(run):
                return run
            time.sleep(0.1)
        raise AssertionError(run)


def status_of(run: Any) -> dict[str, str]:
    return {step["id"]: step["status"] for step in run["steps"]}


def deliver(url: str, secret: str, body: bytes, key: str) -> requests.Response:
    signature = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Signature-256": signature, "X-Delivery-ID": key}
    return requests.post(url, data=body, headers=headers, timeout=30)


@pytest.mark.committed
def test_an_invoice_is_booked_once_though_the_worker_is_killed(
    app: Flask, committed_db: str, db_session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMATION_PRIVATE_TARGETS", "127.0.0.0/8")
    owner = make_user(role="client").username
    db.session.commit()
    with books() as service, serving(app, committed_db, tmp_path) as portal:
        program = Program(portal, owner)
        analysis = program("POST", "/analyze", PROCESS)
        assert 0 < analysis["score"] <= 100
        assert [step["name"] for step in analysis["steps"]] == list(NAMES)
        program("POST", "/deploy", {"name": "As suggested", "workflow": analysis["suggested_workflow"]}, status=201)

        made = program("POST", "/deploy", {"name": "Invoices", "workflow": workflow(service.address)}, status=201)
        with worker(app, committed_db, tmp_path):
            given = {"input": {"body": {"invoice": "R-1", "amount": 5}}, "dry_run": True}
            rehearsal = program("POST", f"/workflows/{made['id']}/run", given, status=202)
            rehearsed = program.until(rehearsal["id"], lambda run: run["finished_at"] is not None)
        assert rehearsed["status"] == "succeeded"
        assert [step["id"] for step in rehearsed["steps"] if step["would"]] == ["book", "approve", "tell"]
        assert service.heard == []

        body = json.dumps({"invoice": "R-1017", "amount": 99.9}).encode()
        with ThreadPoolExecutor(3) as shop:
            answers = list(
                shop.map(lambda _: deliver(made["webhook_url"], made["webhook_secret"], body, "d-1"), range(3))
            )
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["run_id"] for answer in answers}) == 1
        assert deliver(made["webhook_url"], made["webhook_secret"] + "x", body, "d-2").status_code == 401
        run_id = answers[0].json()["run_id"]

        service.slow = 5.0
        with worker(app, committed_db, tmp_path) as dying:
            program.until(run_id, lambda _: len(service.heard) == 3)
            dying.kill()
        service.slow = 0.0
        with worker(app, committed_db, tmp_path):
            waiting = program.until(
                run_id, lambda run: run["status"] == "waiting" and status_of(run)["book"] == "succeeded"
            )
            assert status_of(waiting)["approve"] == "waiting"
            program("POST", f"/runs/{run_id}/steps/approve/decide", {"decision": "approve", "comment": "Fine."})
            program("POST", f"/runs/{run_id}/steps/approve/decide", {"decision": "reject"}, status=409)
            run = program.until(run_id, lambda run: run["finished_at"] is not None)

        assert (run["status"], set(status_of(run).values())) == ("succeeded", {"succeeded"})
        book = next(step for step in run["steps"] if step["id"] == "book")
        assert book["output"]["body"] == {"number": 4711, "for": "R-1017"}
        assert book["attempts"] == len(book["attempt_log"]) == len(service.heard) == 4
        assert [bool(one["error"]) for one in book["attempt_log"]] == [True, True, True, False]
        assert len({key for key, _ in service.heard}) == 1
        runs = program("GET", f"/workflows/{made['id']}/runs")
        assert sum(not one["dry_run"] for one in runs) == 1
        seen = program("GET", f"/workflows/{made['id']}")
        assert seen["metrics"] | {"hours_saved": 0} == {
            "runs": 1, "succeeded": 1, "failed": 0, "success_rate": 1.0, "hours_saved": 0,
        }  # fmt: skip
    mails = [mail for mail in Mailbox(tmp_path).newest(100) if "supplier@example.com" in mail.to]
    assert [mail.subject for mail in mails] == ["R-1017 is paid"]
