"""The outbox as a kind: its list for staff, newest first, read along the ids as any log."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import ColumnElement, and_, func, literal, select

from app.automations.models import Automation
from app.automations.outbox.models import ModelBudget
from app.core.clock import zone_here
from app.core.ids import first_id_of
from app.core.kinds import Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort
from app.core.outbox import Channel, MessageStatus, OutgoingMessage
from app.core.schemas import Day, Output, TimeOut
from app.core.sides import STAFF
from app.core.suggestions import offer
from app.identity.models import Client

_ASTRAY = timedelta(days=1)
_name = func.coalesce(func.nullif(OutgoingMessage.recipient, ""), func.nullif(OutgoingMessage.summary, ""), "(nobody)")


Source = Literal["automations", "portal"]


class OutgoingOut(Output):
    """An attempt at a call or message: of a step of an automation, or of a mail of the portal that tells of `event`."""

    id: UUID
    client_id: UUID | None
    automation_id: UUID | None
    run_id: UUID | None
    step_id: str | None
    event: str | None
    attempt: int
    channel: Channel
    provider: str
    recipient: str
    summary: str
    status: MessageStatus
    answer: str
    duration_ms: int | None
    created_at: TimeOut
    finished_at: TimeOut | None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone_here()).astimezone(UTC)


def _since(day: date) -> ColumnElement[bool]:
    moment = _midnight(day)
    return and_(OutgoingMessage.created_at >= moment, OutgoingMessage.id >= first_id_of(moment - _ASTRAY))


def _until(day: date) -> ColumnElement[bool]:
    moment = _midnight(day + timedelta(days=1))
    return and_(OutgoingMessage.created_at < moment, OutgoingMessage.id < first_id_of(moment + _ASTRAY))


def _in_status(status: str) -> ColumnElement[bool]:
    """The index of trouble has all but those that were sent."""
    here = OutgoingMessage.status == status
    return here if status == "sent" else and_(here, OutgoingMessage.status != "sent")


def _from(source: str) -> ColumnElement[bool]:
    return OutgoingMessage.event.is_not(None) if source == "portal" else OutgoingMessage.event.is_(None)


def _of_mail(mail_id: UUID) -> ColumnElement[bool]:
    return and_(OutgoingMessage.event.is_not(None), OutgoingMessage.key == mail_id)


def _reaches(text: str) -> ColumnElement[bool]:
    return OutgoingMessage.recipient.icontains(text, autoescape=True)


def _told(column: Any, where: ColumnElement[bool]) -> Any:
    return select(column).where(where).correlate(OutgoingMessage).scalar_subquery()


_told_of_budget = select(Client.name).where(Client.id == ModelBudget.client_id).correlate(ModelBudget).scalar_subquery()
_automation = _told(Automation.name, Automation.id == OutgoingMessage.automation_id)


def _offered(name: str, values: tuple[str, ...]) -> str:
    offer(name, lambda prefix, limit: [one for one in values if one.startswith(prefix)][:limit])
    return name


_always: Callable[[Any], bool] = lambda _value: True  # noqa: E731
DayOf = Annotated[date, Day()]

OUTBOX = ListSpec(
    depends_on=("automations", "clients"),
    model=OutgoingMessage,
    columns=(
        Column("id", "Id", OutgoingMessage.id, shown=False),
        Column("recipient", "Recipient", _name, kind="link"),
        Column("summary", "Content", OutgoingMessage.summary, wide=True),
        Column("channel", "Channel", OutgoingMessage.channel, kind="badge"),
        Column("provider", "Provider", OutgoingMessage.provider),
        Column("status", "State", OutgoingMessage.status, kind="state"),
        Column("answer", "Answer", OutgoingMessage.answer, wide=True),
        Column("attempt", "Attempt", OutgoingMessage.attempt, kind="number"),
        Column("duration_ms", "Milliseconds", OutgoingMessage.duration_ms, kind="number", shown=False),
        Column("source", "Source", func.coalesce(_automation, "Portal"), wide=True),
        Column("event", "Event", OutgoingMessage.event, shown=False),
        Column("company", "Company", _told(Client.name, Client.id == OutgoingMessage.client_id), shown=False),
        Column("automation", "Automation", _automation, shown=False),
        Column("automation_id", "Automation’s id", OutgoingMessage.automation_id, shown=False),
        Column("run_id", "Run", OutgoingMessage.run_id, shown=False),
        Column("step_id", "Step", OutgoingMessage.step_id, shown=False),
        Column("created_at", "Started", OutgoingMessage.created_at, kind="time"),
    ),
    filters=(
        Filter("recipient", "Recipient", Annotated[str, StringConstraints(max_length=200)], _reaches),
        Filter(
            "source", "Source", Source, _from, "choice", _offered("outgoing-sources", get_args(Source)),
            in_index=lambda value: value == "portal",
        ),
        Filter(
            "channel", "Channel", Channel, lambda value: OutgoingMessage.channel == value, "choice",
            _offered("outgoing-channels", get_args(Channel)),
        ),
        Filter(
            "status", "State", MessageStatus, _in_status, "choice",
            _offered("outgoing-states", get_args(MessageStatus)), in_index=lambda value: value != "sent",
        ),
        Filter("from", "From", DayOf, _since, "day", in_index=_always),
        Filter("to", "To", DayOf, _until, "day", in_index=_always),
        Filter(
            "client_id", "Company", UUID, lambda value: OutgoingMessage.client_id == value, "reference",
            in_index=_always,
        ),
        Filter("run", "Run", UUID, lambda value: OutgoingMessage.run_id == value, "reference", in_index=_always),
        Filter("mail", "Email", UUID, _of_mail, "reference", in_index=_always),
    ),
    sorts=(Sort("id", "Started", OutgoingMessage.id),),
    default_sort="-id",
    searchable=False,
    words_are_public=False,
    is_log=True,
)  # fmt: skip

outbox = register(
    Kind(
        key="outbox",
        model=OutgoingMessage,
        singular="outgoing message",
        plural="outgoing messages",
        icon="send",
        label=_name,
        section="System",
        words="outbox sent mail email sms slack discord openai twilio http calls",
        permissions="jobs",
        pages={STAFF: "/admin/outbox"},
    )
)
register(Listing(outbox, OUTBOX, OutgoingOut))

register(
    Kind(
        key="model-budgets",
        model=ModelBudget,
        singular="AI budget",
        plural="AI budgets",
        label=literal("the AI budget of ") + _told_of_budget,
        permissions="automations",
        pages={},
        not_undone="Set the budget again under AI costs.",
    )
)
