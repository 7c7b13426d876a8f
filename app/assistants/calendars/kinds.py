"""An assistant's time off as a list."""

from uuid import UUID

from app.assistants.models import TimeOff
from app.core.lists import Filter, ListSpec, Sort, query_schema_below

TIME_OFF = ListSpec(
    model=TimeOff,
    columns=(),
    filters=(Filter("assistant", "Assistant", UUID, lambda value: TimeOff.assistant_id == value),),
    sorts=(Sort("starts_on", "First day", TimeOff.starts_on), Sort("ends_on", "Last day", TimeOff.ends_on)),
    default_sort="starts_on",
    searchable=False,
)

TimeOffQuery = query_schema_below(TIME_OFF, "assistant")
"""The parameters of one assistant's list: the address says whose it is."""
