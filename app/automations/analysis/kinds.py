"""Analyses as a kind of record: their list for pages, API and export."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import select

from app.automations.analysis.models import ProcessAnalysis
from app.automations.analysis.schemas import AnalysisOut
from app.core.kinds import Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns
from app.core.sides import COMPANY, STAFF
from app.identity.companies import own_rows
from app.identity.models import Client

CompanyId = Annotated[UUID, Field(description="The company’s id.")]
Source = Literal["steps", "description", "event_log"]
_company = (
    select(Client.name).where(Client.id == ProcessAnalysis.client_id).correlate(ProcessAnalysis).scalar_subquery()
)

analyses = register(
    Kind(
        key="analyses",
        model=ProcessAnalysis,
        singular="analysis",
        plural="analyses",
        icon="report-analytics",
        section="Automations",
        words="process mining event log potential savings what could be automated",
        label=ProcessAnalysis.process,
        permissions="automations",
        path="/ai-automation/analyses",
        pages={STAFF: "/admin/automations/analyses", COMPANY: "/dashboard/automations/analyses"},
        visible_to=own_rows,
        untold=frozenset({"input", "result"}),
        not_undone="An analysis is worked out anew from its answers; change these to have it as it was.",
    )
)
ANALYSES = ListSpec(
    model=ProcessAnalysis,
    columns=(
        Column("id", "Id", ProcessAnalysis.id, shown=False),
        Column("process", "Process", ProcessAnalysis.process, kind="link"),
        Column("company", "Company", _company, settled_by="client_id"),
        Column("score", "Score", ProcessAnalysis.score, kind="number"),
        Column("hours_saved_per_month", "Hours saved a month", ProcessAnalysis.hours_saved_per_month, kind="number"),
        Column("annual_saving", "Saving a year", ProcessAnalysis.annual_saving, kind="money"),
        Column("currency", "Currency", ProcessAnalysis.currency, shown=False),
        Column("payback_months", "Paid back in months", ProcessAnalysis.payback_months, kind="number", wide=True),
        Column("source", "Source", ProcessAnalysis.source, shown=False),
        Column("state", "State", ProcessAnalysis.state, shown=False),
        Column("client_id", "Company’s id", ProcessAnalysis.client_id, shown=False),
        *date_columns(ProcessAnalysis, shown="created_at"),
    ),
    filters=(
        Filter("source", "Source", Source, lambda value: ProcessAnalysis.source == value, "choice"),
        Filter("client_id", "Company", CompanyId, lambda value: ProcessAnalysis.client_id == value, "reference"),
    ),
    sorts=(Sort("created_at", "Created", ProcessAnalysis.created_at),),
    searchable=False,
    words_are_public=False,
    depends_on=("clients",),
)
register(Listing(analyses, ANALYSES, AnalysisOut))
