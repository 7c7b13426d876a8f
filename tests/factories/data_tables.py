"""Data tables and their rows."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from app.automations.tables.models import DataRow, DataTable
from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from app.identity.models import Client
from tests.factories.accounts import make_client_company

_numbers = count(1)


def make_data_table(client: Client | None = None, columns: Mapping[str, str] | None = None, **values: Any) -> DataTable:
    """A table; `columns` has the type of each, and a `!` behind it if it is required."""
    client = client or make_client_company()
    listed = [
        {"name": name, "type": kind.rstrip("!"), "required": kind.endswith("!")}
        for name, kind in (columns or {}).items()
    ]
    table = DataTable(client_id=client.id, columns=listed, **{"name": f"table_{next(_numbers)}", **values})
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(table)
    db.session.commit()
    return table


def make_data_row(table: DataTable, key: str = "", /, **values: Any) -> DataRow:
    row = DataRow(table_id=table.id, client_id=table.client_id, key=key or f"row {next(_numbers)}", values=values)
    audit_as(db.session, actor=SYSTEM, action="create")
    db.session.add(row)
    db.session.commit()
    return row
