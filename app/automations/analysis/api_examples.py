"""Examples for the documentation of the API: the process of docs/automation-analysis.md, analysed."""

from decimal import Decimal
from typing import Any

from app.automations.analysis.answers import result_of
from app.automations.analysis.facts import Process, ProcessStep
from app.automations.analysis.scoring import analyse

ID, CLIENT = "019aa8f0-c310-7b51-9a3b-2f6f0f5a1c01", "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40"
_TIME = "2026-11-30T09:30:00Z"
_STEPS: list[dict[str, Any]] = [
    {
        "name": "Read the invoice", "minutes": 4, "times_per_month": 300, "rule_based": True,
        "structured_input": False, "systems": ["Mailbox"], "exception_rate": 0.05,
    },
    {
        "name": "Check it against the order", "minutes": 3, "times_per_month": 300, "rule_based": True,
        "structured_input": True, "systems": ["SAP"], "exception_rate": 0.1,
    },
]  # fmt: skip
BODY = {"process": "Invoice intake", "hourly_cost": "35.00", "currency": "EUR", "steps": _STEPS}


def _step(said: dict[str, Any]) -> ProcessStep:
    numbers = {name: Decimal(str(said[name])) for name in ("minutes", "times_per_month", "exception_rate")}
    return ProcessStep(**{**said, **numbers, "systems": tuple(said["systems"])})


_FOUND = analyse(Process("Invoice intake", tuple(map(_step, _STEPS)), Decimal("35.00")))
RESULT = result_of(_FOUND, method="rules", guessed={})
_HEAD = {"id": ID, "client_id": CLIENT, "process": "Invoice intake", "source": "steps", "state": "ready"}
ANSWER = {**_HEAD, "created_at": _TIME, **RESULT}
_FIGURES = ("score", "hours_saved_per_month", "annual_saving", "payback_months", "currency", "method")
ANALYSIS = {
    **_HEAD,
    **{name: RESULT[name] for name in _FIGURES},
    "error": "",
    "created_at": _TIME,
    "updated_at": _TIME,
    "archived_at": None,
}
READING = {**ANALYSIS, **dict.fromkeys(_FIGURES[:4]), "source": "event_log", "state": "reading"}
KEPT = {**ANALYSIS, "result": RESULT, "automations": []}
FILE = {"id": ID, "name": "invoices.csv", "size": 68_886, "created_at": _TIME}
