"""How a person wants the portal: time zone and colours."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.core.audit import Actor, audit_as
from app.core.schemas import Input, Line
from app.core.zones import zone_called, zone_names
from app.extensions import db
from app.identity.models import User


def _known_zone(value: str) -> str:
    found = zone_called(value, zone_names()) if value else ""
    if found is None:
        raise PydanticCustomError("time_zone", "Choose a time zone from the list, such as “Europe/Berlin”.")
    return found


class PreferencesInput(Input):
    """A person's own settings. Without a time zone, times are shown in the browser's."""

    timezone: Annotated[
        str,
        Line(
            60,
            suggest="timezones",
            help="Type a city, as in “Europe/Berlin”. Leave it empty to use the zone of your browser.",
        ),
        AfterValidator(_known_zone),
        Field(title="Time zone"),
    ] = ""
    theme: Literal["auto", "light", "dark"] = "auto"


def update_preferences(user: User, values: PreferencesInput, *, actor: Actor) -> User:
    """Write them to the user, who is locked for update."""
    audit_as(db.session, actor=actor, action="update-preferences")
    user.timezone = values.timezone or None
    user.theme = None if values.theme == "auto" else values.theme
    db.session.flush()
    return user
