"""One declaration per list serves the page, its partial, the API endpoint and the export."""

from app.core.lists.conditions import refuse_what_is_for_staff
from app.core.lists.cursor import CURSOR, BadCursor, refuse_no_cursor
from app.core.lists.paging import Page, exact_count, fetch, stream
from app.core.lists.query import ListQuery, as_typed_in, query_schema, query_schema_below
from app.core.lists.spec import Column, Control, Filter, Kind, ListSpec, Sort, date_columns, date_sorts
from app.core.lists.values import distinct_values

__all__ = [
    "CURSOR",
    "BadCursor",
    "Column",
    "Control",
    "Filter",
    "Kind",
    "ListQuery",
    "ListSpec",
    "Page",
    "Sort",
    "as_typed_in",
    "date_columns",
    "date_sorts",
    "distinct_values",
    "exact_count",
    "fetch",
    "query_schema",
    "query_schema_below",
    "refuse_no_cursor",
    "refuse_what_is_for_staff",
    "stream",
]
