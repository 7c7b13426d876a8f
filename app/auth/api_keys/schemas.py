import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from app.auth.api_keys.networks import check_network
from app.core.clock import now, zone_here
from app.core.numbers import Whole
from app.core.schemas import Input, JsonSchemaExtra, Line, Output, TimeOut
from app.identity.scopes import SCOPES, check_scopes

MOST_ADDRESSES = 50
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LONGEST_OVERLAP = 30 * 24 * 60 * 60


def _one_scope(scope: str) -> str:
    check_scopes([scope])
    return scope


def _time_or_day(value: Any) -> Any:
    """A day counts to its end, where it is of whoever says so. A number would pass for the seconds since 1970."""
    if not isinstance(value, str | datetime | None):
        raise PydanticCustomError("datetime_type", "Write a time such as 2026-12-01T09:30:00Z.")
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        return value
    try:
        return datetime.combine(date.fromisoformat(value.strip()) + timedelta(days=1), time(), zone_here())
    except (ValueError, OverflowError):
        return value


def _without_point(value: Any) -> Any:
    """JSON doesn't tell 60.0 from 60."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _to_come(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_range", "This is too far away.") from None
    if moment <= now():
        raise PydanticCustomError("in_the_past", "This is in the past. Choose a time to come.")
    return moment


Scope = Annotated[str, AfterValidator(_one_scope), JsonSchemaExtra(enum=list(SCOPES))]
Addresses = Annotated[
    list[Annotated[str, Line(60, min_length=1), AfterValidator(check_network)]],
    Field(
        max_length=MOST_ADDRESSES,
        title="Allowed addresses",
        description="Addresses and networks that it may come from: 203.0.113.7 or 2001:db8::/32. None is any.",
    ),
    AfterValidator(lambda values: list(dict.fromkeys(values))),
]
PerMinute = Annotated[
    int | None,
    Field(
        ge=1, le=100_000, title="Requests per minute", description="A limit of the key’s own, in place of the usual."
    ),
    Whole,
]
Name = Annotated[str, Line(120, min_length=1, help="Where it is used: “Stock import”."), Field(title="Name")]
ExpiresAt = Annotated[
    datetime | None,
    BeforeValidator(_time_or_day),
    AfterValidator(_to_come),
    Field(
        title="Good until",
        description="A day counts to its end, in UTC. Leave it empty for a key that is good until you revoke it.",
    ),
    JsonSchemaExtra(examples=["2027-12-01T00:00:00Z"]),
]


class ApiKeyInput(Input):
    """A new API key."""

    name: Name
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=60, title="What it may do", description="Never more than its person may."),
    ]
    expires_at: ExpiresAt = None
    allowed_addresses: Annotated[Addresses, Field(default_factory=list)]
    requests_per_minute: PerMinute = None


class ApiKeyChange(Input):
    """What can be changed of a key. Its scopes can't: what a program may do is decided when it is given its key."""

    name: Name
    allowed_addresses: Annotated[Addresses, Field(default_factory=list)]
    requests_per_minute: PerMinute = None


class RotationInput(Input):
    """How a key is replaced."""

    overlap_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=LONGEST_OVERLAP,
            strict=True,
            title="Overlap",
            description="For how long the old key goes on working, to 30 days; never longer than it would have.",
        ),
        BeforeValidator(_without_point),
    ] = 0


class ApiKeyOut(Output):
    """An API key, without what it is."""

    id: UUID
    name: str
    prefix: Annotated[str, Field(description="The part that it can be recognised by.")]
    scopes: list[str]
    allowed_addresses: list[str]
    requests_per_minute: int | None
    expires_at: TimeOut | None
    user_id: UUID
    client_id: UUID | None
    replaced_by_id: UUID | None
    last_used_at: TimeOut | None
    last_used_address: str | None
    created_at: TimeOut
    updated_at: TimeOut


class NewApiKeyOut(ApiKeyOut):
    """A new API key. `key` is told this once."""

    key: str
