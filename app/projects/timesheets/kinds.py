"""Time entries as a list: what staff approve from, and what the API answers page by page."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, cast, func, select
from sqlalchemy.orm import joinedload

from app.assistants.models import Assistant
from app.core.file_rules import FileRules
from app.core.ids import new_id
from app.core.kinds import Editing, Filing, Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort
from app.core.schemas import Day
from app.core.sides import EXPERT, STAFF
from app.core.steps import state_filter
from app.identity.models import Client, User
from app.identity.policy import is_staff
from app.projects.kinds import projects
from app.projects.models import Project
from app.projects.teams.models import TeamMember
from app.projects.timesheets import operations
from app.projects.timesheets.importing import writing
from app.projects.timesheets.importing.examining import TimeExaminer
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import LoggedTimeInput, SheetRow, TimeEntryOut, TimeInput
from app.projects.timesheets.steps import TIME_ENTRY

DayOf = Annotated[date, Day()]

WITH_PEOPLE = (joinedload(TimeEntry.assistant), joinedload(TimeEntry.user))
FOR_PAGES = (*WITH_PEOPLE, joinedload(TimeEntry.project), joinedload(TimeEntry.deliverable))


def _told(column: Any, where: ColumnElement[bool]) -> Any:
    return select(column).where(where).correlate(TimeEntry).scalar_subquery()


_person = func.coalesce(
    _told(Assistant.name, Assistant.id == TimeEntry.assistant_id), _told(User.username, User.id == TimeEntry.user_id)
)
_hours = cast(TimeEntry.minutes, Numeric) / 60


def _of_team(team_id: UUID) -> ColumnElement[bool]:
    members = select(TeamMember.user_id).where(TeamMember.team_id == team_id, TeamMember.user_id.is_not(None))
    return TimeEntry.user_id.in_(members)


_FILTERS = (
    state_filter(TIME_ENTRY, TimeEntry.status, "Status"),
    Filter("from", "From", DayOf, lambda value: TimeEntry.worked_on >= value),
    Filter("to", "To", DayOf, lambda value: TimeEntry.worked_on <= value),
    Filter("user_id", "Person", UUID, lambda value: TimeEntry.user_id == value, "reference"),
    Filter("client_id", "Company", UUID, lambda value: TimeEntry.client_id == value, "reference"),
    Filter("team_id", "Team", UUID, _of_team, "reference"),
    Filter("project", "Project", UUID, lambda value: TimeEntry.project_id == value, "reference"),
)

TIME = ListSpec(
    model=TimeEntry,
    columns=(
        Column("id", "Id", TimeEntry.id, shown=False),
        Column("name", "Person", _person, kind="link"),
        Column("worked_on", "Day", TimeEntry.worked_on, kind="date", sort="worked_on"),
        Column("project", "Project", _told(Project.name, Project.id == TimeEntry.project_id)),
        Column("company", "Company", _told(Client.name, Client.id == TimeEntry.client_id), wide=True),
        Column("note", "What was done", TimeEntry.note, wide=True),
        Column("hours", "Hours", func.round(_hours, 2), kind="number"),
        Column("hourly_rate", "Rate", TimeEntry.hourly_rate, kind="money", wide=True),
        Column("amount", "Amount", TimeEntry.amount, kind="money"),
        Column("currency", "Currency", TimeEntry.currency, shown=False),
        Column("status", "Status", TimeEntry.status, kind="state"),
        Column("created_at", "Logged", TimeEntry.created_at, kind="time", shown=False),
    ),
    filters=_FILTERS,
    sorts=(Sort("worked_on", "Day", TimeEntry.worked_on), Sort("created_at", "Logged", TimeEntry.created_at)),
    default_sort="-worked_on",
    depends_on=("projects", "assistants", "users", "clients", "team_members"),
    searchable=False,
    words_are_public=False,
)

time_entries = register(
    Kind(
        key="time",
        model=TimeEntry,
        singular="time entry",
        plural="time entries",
        icon="clock",
        label=_person + ", " + func.to_char(TimeEntry.worked_on, "FMDD Mon YYYY"),
        section="Projects",
        words="hours approve log time sheet toggl clockify harvest",
        parent=projects,
        path="/time-entries",
        permissions="time",
        pages={STAFF: "/admin/time", EXPERT: "/dashboard/time"},
        load_options=WITH_PEOPLE,
        visible_to=lambda person: {} if is_staff(person) else {"user_id": person.id or new_id()},
    )
)
register(Listing(time_entries, TIME, TimeEntryOut))
_editing = register(
    Editing(
        time_entries,
        SheetRow,
        body=LoggedTimeInput,
        changes=TimeInput,
        create=writing.log_row,
        create_below=operations.log_time_of,
        update=operations.update_time,
        delete=operations.delete_time,
    )
)
register(
    Filing(
        _editing,
        create_many=writing.log_rows,
        rules=FileRules(
            examiner=TimeExaminer,
            joined=frozenset({"person"}),
            numbers=frozenset({"hours"}),
            called={"name": "person"},
            refers={"person": "users", "project": "projects"},
            claim=writing.claim,
            arrived=writing.arrived,
            about="Exports of time trackers such as Toggl, Clockify and Harvest can be imported as they are: you "
            "choose what each column contains.",
            help=(
                "Each row logs time for one person on one day. The rules of the time sheet apply: the project was "
                "active on that day, the person was on its team, and a day has 24 hours.",
                "Time that has already been logged is recognized by person, day, project, hours and note, or by its "
                "id, and isn’t logged again. Rows that repeat another row are reported as errors.",
                "Without a rate, the hourly rate of the person’s profile applies.",
                "Imported time waits for approval. You can undo an import; entries that have been approved stay.",
            ),
            example={
                "person": "Ana Pérez",
                "worked_on": "2026-12-01",
                "hours": "7:30",
                "project": "Archive move",
                "note": "Sorted the boxes",
            },
        ),
    )
)
"""Its input is a row of a file. By hand, time is logged and corrected on pages of its own (`time_views`)."""
