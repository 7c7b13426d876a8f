from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, column, func, literal_column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Archivable, Base, Part, Record, lengths, part_of
from app.identity.models import Client, to_client

NAME = "^[a-z][a-z0-9_-]{0,59}$"
LARGEST_ROW = 64 * 1024
LONGEST_KEY = 200


class DataTable(Record, Archivable, Base):
    """A collection of rows. `columns` has `{"name", "type", "required"}` of each; a table without any takes whatever
    comes."""

    __tablename__ = "data_tables"
    __table_args__ = (
        UniqueConstraint("id", "client_id"),
        UniqueConstraint("client_id", "name"),
        CheckConstraint(f"name ~ '{NAME}'", name="name_form"),
        *lengths(description=2_000),
        Index("data_tables_created_idx", "created_at", "id"),
        Index("data_tables_updated_idx", "updated_at", "id"),
        Index("data_tables_name_idx", "name", "id"),
    )

    client_id: Mapped[UUID] = mapped_column(to_client("rewrite"))
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)

    client: Mapped[Client] = relationship()


class DataRow(Part, Record, Base):
    """A row. Its key is unique in the table."""

    __tablename__ = "data_rows"
    __table_args__ = (
        part_of("data_tables", "table_id"),
        UniqueConstraint("table_id", "key"),
        *lengths(key=(1, LONGEST_KEY)),
        CheckConstraint("jsonb_typeof(values) = 'object'", name="values_form"),
        CheckConstraint(f"octet_length(values::text) <= {LARGEST_ROW}", name="values_length"),
        Index("data_rows_created_idx", "table_id", "created_at", "id"),
        Index("data_rows_updated_idx", "table_id", "updated_at", "id"),
        Index("data_rows_values_idx", "values", postgresql_using="gin"),
    )

    table_id: Mapped[UUID]
    key: Mapped[str]
    values: Mapped[dict[str, Any]]

    table: Mapped[DataTable] = relationship(primaryjoin="DataTable.id == foreign(DataRow.table_id)", viewonly=True)


WORDS = func.jsonb_to_tsvector(
    literal_column("'diglit'::regconfig"), column("values"), literal_column("""'["string", "numeric"]'::jsonb""")
)
"""The words and numbers of a row, as its index has them."""
