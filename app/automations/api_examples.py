"""What the API's documentation shows of automations."""

from typing import Any

CLIENT_ID = "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40"
WORKFLOW_ID = "019aa8f2-1c10-7a53-9b22-4d6e8f0a1b2c"
VERSION_ID = "019aa8f2-1c11-7a53-9b22-4d6e8f0a1b2d"
KEPT_ID = "019aa8f2-2d20-7b64-8c33-5e7f901b2c3d"
RUN_ID = "019aa8f2-3e30-7c75-8d44-6f80a12c3d4e"
USER_ID = "019aa8f0-7c30-7e22-9d2f-4b1d2e3f4a50"
AT, LATER = "2026-12-01T06:00:00Z", "2026-12-01T06:00:01.250000Z"

FETCH: dict[str, Any] = {
    "id": "fetch",
    "type": "http",
    "with": {"method": "GET", "url": "https://shop.example/orders/{{ trigger.input.order }}"},
    "retry": {"max_attempts": 3, "backoff_seconds": 2.0},
}
TELL: dict[str, Any] = {
    "id": "tell",
    "type": "email",
    "needs": ["fetch"],
    "with": {"to": "accounts@client.example", "subject": "A large order", "text": "{{ steps.fetch.output.body.id }}"},
    "if": "steps.fetch.output.body.total > 1000",
}
WORKFLOW: dict[str, Any] = {"trigger": {"type": "webhook", "signed": True}, "steps": [FETCH, TELL]}
DEPLOYED: dict[str, Any] = {"name": "Tell of large orders", "workflow": WORKFLOW}
METRICS = {"runs": 120, "succeeded": 117, "failed": 3, "success_rate": 0.975, "hours_saved": 9.75}
AUTOMATION: dict[str, Any] = {
    "id": WORKFLOW_ID,
    "client_id": CLIENT_ID,
    "name": "Tell of large orders",
    "description": "",
    "status": "active",
    "version": 1,
    "trigger": "webhook",
    "workflow_config": WORKFLOW,
    "webhook_url": "https://portal.example/api/hooks/6CY2cGgMZyJ0cl0Zv2jB1nH5m0x3c8kq9Zb1rT4wU7E",
    "webhook_secret": None,
    "next_run_at": None,
    "last_run": AT,
    "metrics": METRICS,
    "minutes_saved": 5.0,
    "promised_hours": None,
    "max_concurrent": None,
    "owner_id": USER_ID,
    "archived_at": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
NEW: dict[str, Any] = {
    **AUTOMATION,
    "webhook_secret": "o5kqHc3bT0r5Yw1Zc7u2mQ9sJ4xV8nE6aL0dP3gK1fM",
    "last_run": None,
    "metrics": {"runs": 0, "succeeded": 0, "failed": 0, "success_rate": None, "hours_saved": 0.0},
    "minutes_saved": None,
}
VERSION: dict[str, Any] = {
    "id": VERSION_ID,
    "workflow_id": WORKFLOW_ID,
    "version": 1,
    "workflow": WORKFLOW,
    "restored_from": None,
    "author": "ana",
    "created_at": "2026-11-22T09:30:00Z",
}
COMPARISON: dict[str, Any] = {
    "from_version": 1,
    "to_version": 2,
    "trigger": [],
    "added": ["archive"],
    "removed": [],
    "changed": [
        {
            "id": "tell",
            "changes": [
                {
                    "pointer": "/if",
                    "from": "steps.fetch.output.body.total > 1000",
                    "to": "steps.fetch.output.body.total > 5000",
                }
            ],
        }
    ],
    "reordered": False,
}
SUMMARY: dict[str, Any] = {
    "id": RUN_ID,
    "client_id": CLIENT_ID,
    "workflow_id": WORKFLOW_ID,
    "version": 1,
    "status": "succeeded",
    "trigger": "manual",
    "dry_run": False,
    "parent_run_id": None,
    "from_step": None,
    "error": None,
    "actor": "ana",
    "created_at": AT,
    "started_at": AT,
    "finished_at": LATER,
}
_TRY = {"number": 1, "started_at": AT, "finished_at": LATER, "error": None}
FETCHED: dict[str, Any] = {
    "id": "fetch",
    "type": "http",
    "name": "",
    "status": "succeeded",
    "attempts": 1,
    "input": {"method": "GET", "url": "https://shop.example/orders/A-17"},
    "output": {"status": 200, "headers": {}, "body": {"id": "A-17", "total": 250}},
    "would": None,
    "error": None,
    "notes": [],
    "due_at": None,
    "started_at": AT,
    "finished_at": LATER,
    "attempt_log": [_TRY],
    "items": None,
    "truncated": False,
}
_OF_ITEMS = (
    "status", "attempts", "input", "output", "would", "error", "started_at", "finished_at", "attempt_log", "truncated",
)  # fmt: skip
ITEM: dict[str, Any] = {"item": 0, **{name: FETCHED[name] for name in _OF_ITEMS}}
_SKIPPED: dict[str, Any] = {
    **FETCHED,
    "id": "tell",
    "type": "email",
    "status": "skipped",
    "attempts": 0,
    "input": None,
    "output": None,
    "error": {"message": "steps.fetch.output.body.total > 1000 isn’t true."},
    "started_at": None,
    "attempt_log": [],
}
RUN: dict[str, Any] = {
    **SUMMARY,
    "input": {"order": "A-17"},
    "output": {},
    "data_removed_at": None,
    "steps": [FETCHED, _SKIPPED],
}
_PENDING = {"status": "pending", "attempts": 0, "input": None, "output": None, "error": None, "attempt_log": []}
_NOT_BEGUN = {**_PENDING, "started_at": None, "finished_at": None}
QUEUED: dict[str, Any] = {
    **RUN,
    "status": "queued",
    "output": None,
    "started_at": None,
    "finished_at": None,
    "steps": [{**FETCHED, **_NOT_BEGUN}, {**_SKIPPED, **_NOT_BEGUN}],
}
CANCELLED = {**RUN, "status": "cancelled", "output": None}
SECRET: dict[str, Any] = {
    "id": KEPT_ID,
    "client_id": CLIENT_ID,
    "name": "SHOP_TOKEN",
    "used_by": [{"id": WORKFLOW_ID, "name": "Tell of large orders"}],
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
OF_WORKFLOW = {"reference": WORKFLOW_ID}
OF_RUN = {"run_id": RUN_ID}
CHECKED = {"steps": 2, "secrets": [], "next_runs": [], "warnings": []}
