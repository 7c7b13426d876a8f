"""An assistant's time off, declared for the API."""

from uuid import UUID

from sqlalchemy import Text, cast

from app.assistants.models import TimeOff
from app.assistants.profiles import operations
from app.assistants.profiles.kinds import assistants
from app.assistants.profiles.schemas import TimeOffInput, TimeOffOut
from app.core.kinds import Editing, Kind, Listing, register
from app.core.lists import Filter, ListSpec, Sort

TIME_OFF = ListSpec(
    model=TimeOff,
    columns=(),
    filters=(Filter("assistant", "Assistant", UUID, lambda value: TimeOff.assistant_id == value),),
    sorts=(Sort("starts_on", "First day", TimeOff.starts_on), Sort("ends_on", "Last day", TimeOff.ends_on)),
    default_sort="starts_on",
    searchable=False,
)

time_off = register(
    Kind(
        key="time-off",
        model=TimeOff,
        singular="time off",
        plural="time off",
        label=cast(TimeOff.starts_on, Text),
        parent=assistants,
    )
)
register(Listing(time_off, TIME_OFF, TimeOffOut))
register(Editing(time_off, TimeOffInput, create_below=operations.add_time_off, delete=operations.remove_time_off))
