"""Lists of matches and of requests, for the staff pages, the companies' pages, the API and the export."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, func, literal, literal_column, or_, select

from app.assistants.engagements.queries import WITH_ITS_PARTS
from app.assistants.engagements.schemas import MatchOut
from app.assistants.engagements.steps import MATCH
from app.assistants.models import Assistant, BatchAssignment, Match, MatchRequest
from app.assistants.requests.schemas import KeptRequestOut
from app.assistants.requests.steps import REQUEST
from app.core.kinds import Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.sides import COMPANY, EXPERT, STAFF
from app.core.steps import state_filter
from app.identity.companies import own_rows
from app.identity.models import Client

MATCHING = "Matching"
Words = Annotated[str, Field(min_length=1, max_length=120)]
Id = Annotated[UUID, Field(description="An id.")]

_assistant = select(Assistant.name).where(Assistant.id == Match.assistant_id).correlate(Match).scalar_subquery()
_company = select(Client.name).where(Client.id == Match.client_id).correlate(Match).scalar_subquery()


_skill = func.jsonb_array_elements(MatchRequest.skills).column_valued("skill")
_names = func.coalesce(func.string_agg(_skill.op("->>")("name"), ", "), "Without skills")
_skills = select(_names).correlate(MatchRequest).scalar_subquery()
_work = select(_skills).where(MatchRequest.id == Match.request_id).correlate(Match).scalar_subquery()
_asking = select(Client.name).where(Client.id == MatchRequest.client_id).correlate(MatchRequest).scalar_subquery()


def _proposed(*those: ColumnElement[bool]) -> Any:
    mine = select(func.count()).where(Match.request_id == MatchRequest.id, *those)
    return mine.correlate(MatchRequest).scalar_subquery()


def _named(words: str) -> ColumnElement[bool]:
    """Whether the assistant's name has the words, or the company's; each word is a prefix."""
    spelled = func.to_tsquery("diglit", _prefixes(words))
    people = select(Assistant.id).where(literal_column("assistants.search").bool_op("@@")(spelled))
    companies = select(Client.id).where(literal_column("clients.search").bool_op("@@")(spelled))
    return or_(Match.assistant_id.in_(people), Match.client_id.in_(companies))


def _prefixes(words: str) -> str:
    """The words as a query of the text search; what is no letter and no digit parts them."""
    plain = "".join(c if c.isalnum() else " " for c in words).split()
    return " & ".join(f"{word}:*" for word in plain)


MATCHES = ListSpec(
    model=Match,
    columns=(
        Column("id", "Id", Match.id, shown=False),
        Column("name", "Assistant", _assistant, kind="link"),
        Column("work", "For", _work),
        Column("company", "Company", _company, settled_by="client_id"),
        Column("status", "State", Match.status, kind="state"),
        Column("score", "Fit", Match.score, kind="percent", wide=True),
        Column("hours_per_week", "Hours a week", func.trim_scale(Match.hours_per_week), kind="number"),
        Column("hourly_rate", "An hour", Match.hourly_rate, kind="money", wide=True),
        Column("currency", "Currency", Match.currency, shown=False),
        Column("starts_on", "From", Match.starts_on, kind="date", sort="starts_on"),
        Column("ends_on", "To", Match.ends_on, kind="date", shown=False),
        Column("ended_on", "Hours free from", Match.ended_on, kind="date", shown=False),
        Column("request_id", "Request", Match.request_id, shown=False),
        Column("client_id", "Company’s id", Match.client_id, shown=False),
        Column("assistant_id", "Assistant’s id", Match.assistant_id, shown=False),
        *date_columns(Match, shown="created_at"),
    ),
    filters=(
        state_filter(MATCH, Match.status),
        Filter("who", "Person or company", Words, _named),
        Filter("client_id", "Company", Id, lambda value: Match.client_id == value, "reference"),
        Filter("assistant_id", "Assistant", Id, lambda value: Match.assistant_id == value, "reference"),
        Filter("request_id", "Request", Id, lambda value: Match.request_id == value, "reference"),
    ),
    sorts=(*date_sorts(Match), Sort("starts_on", "From", Match.starts_on)),
    searchable=False,
    words_are_public=False,
    depends_on=("assistants", "clients", "match_requests"),
)

REQUESTS = ListSpec(
    model=MatchRequest,
    columns=(
        Column("id", "Id", MatchRequest.id, shown=False),
        Column("work", "Asked for", _skills, kind="link"),
        Column("company", "Company", _asking, settled_by="client_id"),
        Column("hours_per_week", "Hours a week", func.trim_scale(MatchRequest.hours_per_week), kind="number"),
        Column("start_date", "From", MatchRequest.start_date, kind="date"),
        Column("end_date", "To", MatchRequest.end_date, kind="date"),
        Column("status", "State", MatchRequest.status, kind="state"),
        Column("proposed", "Proposed", _proposed(), kind="number"),
        Column("open", "Still open", _proposed(Match.status == "proposed"), kind="number"),
        Column("client_id", "Company’s id", MatchRequest.client_id, shown=False),
        Column("created_at", "Created", MatchRequest.created_at, kind="time", sort="created_at", wide=True),
    ),
    filters=(
        state_filter(REQUEST, MatchRequest.status),
        Filter("client_id", "Company", Id, lambda value: MatchRequest.client_id == value, "reference"),
    ),
    sorts=(Sort("created_at", "Created", MatchRequest.created_at),),
    searchable=False,
    words_are_public=False,
    depends_on=("clients", "matches"),
)

matches = register(
    Kind(
        key="matches",
        model=Match,
        singular="match",
        plural="matches",
        icon="user-check",
        label=_assistant + " for " + _company,
        section=MATCHING,
        pages={STAFF: "/admin/matches", COMPANY: "/dashboard/matches", EXPERT: "/dashboard/assignments"},
        path="/virtual-assistants/matches",
        load_options=WITH_ITS_PARTS,
        untold=frozenset({"explanation"}),
        visible_to=own_rows,
        not_undone="Steps of a match can’t be undone, because both sides were told and the assistant’s hours followed.",
    )
)
register(Listing(matches, MATCHES, MatchOut, create_label="New request"))

requests = register(
    Kind(
        key="requests",
        model=MatchRequest,
        singular="match request",
        plural="match requests",
        icon="clipboard-list",
        section=MATCHING,
        words="open asked",
        permissions="matches",
        visible_to=own_rows,
        pages={STAFF: "/admin/matches/requests", COMPANY: "/dashboard/matches/requests"},
        label=literal("an assistant for ") + _asking,
    )
)
register(Listing(requests, REQUESTS, KeptRequestOut))
register(
    Kind(
        key="batches",
        model=BatchAssignment,
        singular="batch assignment",
        plural="batch assignments",
        label=literal("assignment of ") + func.to_char(BatchAssignment.created_at, "FMDD Mon YYYY"),
        pages={STAFF: "/admin/matches/assign"},
        untold=frozenset({"figures", "pairs", "params"}),
    )
)
