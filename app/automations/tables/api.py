"""Data tables and their rows in the JSON API."""

from flask import Blueprint

from app.api.crud import mount
from app.automations.tables.kinds import rows, tables

bp = Blueprint("data_tables_api", __name__, url_prefix="/api")

_ID, _TIME = "019aa8f0-6d3e-7c41-9a3b-2f6f0f5a1c10", "2026-11-30T09:30:00Z"
_TABLE = {
    "name": "supplier_invoices",
    "description": "",
    "columns": [
        {"name": "supplier", "type": "text", "required": True},
        {"name": "amount", "type": "number", "required": False},
    ],
}
_ROW = {"key": "2026-0815", "values": {"supplier": "Acme", "amount": 119.5}}
_DATES = {"created_at": _TIME, "updated_at": _TIME}

mount(bp, tables, body=_TABLE, answer={"id": _ID, "client_id": _ID, **_TABLE, "archived_at": None, **_DATES})
mount(
    bp,
    rows,
    body=_ROW,
    answer={"id": _ID, "table_id": _ID, "client_id": _ID, **_ROW, **_DATES},
    path={"table_id": _ID, "row_id": _ID},
)
