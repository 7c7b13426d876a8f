"""What can't be done with data tables, and why."""

from app.core.errors import Conflict, NotFound
from app.core.rules import enforces

_TAKEN = "A table with this name already exists."
_THERE = "A row with this key already exists."


@enforces("data_tables_client_id_name_key", says=_TAKEN, at={"name": _TAKEN})
class TableNameTaken(Conflict):
    at, says = "/name", _TAKEN


@enforces("data_rows_table_id_key_key", says=_THERE, at={"key": _THERE})
class RowExists(Conflict):
    at, says = "/key", _THERE


class ColumnTwice(Conflict):
    at = "/columns"


class NoSuchTable(NotFound):
    says = "The company has no table with this name."


class NoSuchRow(NotFound):
    says = "The table has no row with this key."
