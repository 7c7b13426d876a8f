"""Time sheets of other tools: read as they are, examined, logged, undone."""

import csv
import io
import re
from datetime import datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import select

from app.changes import jobs as tasks
from app.changes import running
from app.core.audit import AuditEntry
from app.core.changes import staging
from app.core.changes.models import ChangeRow, ChangeSet, State
from app.core.clock import today, today_in
from app.core.dates import day_in_words
from app.extensions import db
from app.projects.models import Project
from app.projects.timesheets import operations as time
from app.projects.timesheets.importing.nearest import Nearest
from app.projects.timesheets.models import TimeEntry
from app.projects.timesheets.schemas import TimeInput
from tests.factories import make_client_company, make_user
from tests.factories.assistants import make_assistant
from tests.factories.projects import make_project, make_team
from tests.factories.workbooks import ods, xlsx
from tests.jobs import run_jobs
from tests.portal.test_import_pages import form_of

IMPORT = "/admin/time/import"


def day():
    return today() - timedelta(days=3)


@pytest.fixture
def ana(db_session: Any) -> Any:
    user = make_user(role="expert", username="ana", email="ana@example.com")
    return make_assistant(name="Ana Pérez", user=user, rate=40, currency="EUR")


@pytest.fixture
def team(ana: Any) -> Any:
    return make_team(members=[ana])


@pytest.fixture
def project(team: Any) -> Project:
    client = make_client_company(name="Acme GmbH")
    start = today() - timedelta(days=30)
    return make_project(team=team, client=client, currency="EUR", start_date=start, name="Archive move")


def upload(browser: Any, content: Any, name: str = "sheet.csv") -> str:
    content = content.encode() if isinstance(content, str) else content
    answer = browser.post(IMPORT, data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def sheet(*rows: str, heading: str = "person;worked_on;hours;project;note") -> str:
    return "\n".join([heading, *rows])


def newest() -> ChangeSet:
    db.session.expire_all()
    return db.session.scalars(select(ChangeSet).order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc())).first()


def rows() -> list[ChangeRow]:
    query = select(ChangeRow).where(ChangeRow.change_set_id == newest().id).order_by(ChangeRow.number)
    return list(db.session.scalars(query))


def problems(row: ChangeRow) -> dict[str, str]:
    return {problem["field"]: problem["message"] for problem in row.problems}


def entries() -> list[TimeEntry]:
    db.session.expire_all()
    return list(db.session.scalars(select(TimeEntry).order_by(TimeEntry.worked_on, TimeEntry.id)))


def logged(ana: Any, project: Project, **more: Any) -> TimeEntry:
    values = TimeInput(**{"worked_on": day(), "minutes": 90, "note": "Boxes", **more})
    entry = time.log_time(project, values, user_id=ana.user_id, actor=ana.user)
    db.session.commit()
    return entry


def test_a_sheet_is_previewed_and_then_logged(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};1,5;Archive move;Boxes", f"Ana Pérez;{day()};0:45;ARCHIVE  MOVE;"))
    assert entries() == []
    page = as_manager.get(here).text
    for told in ("2 new", "Ana Pérez", "Archive move", "1:30", "0:45", "Boxes"):
        assert told in page
    as_manager.post(f"{here}/apply")
    assert newest().state == State.APPLIED
    assert [(e.minutes, e.note, e.status, e.hourly_rate, e.currency, e.user_id) for e in entries()] == [
        (90, "Boxes", "submitted", Decimal("40.00"), "EUR", ana.user_id),
        (45, "", "submitted", Decimal("40.00"), "EUR", ana.user_id),
    ]
    assert {(e.worked_on, e.assistant_id, e.client_id) for e in entries()} == {(day(), ana.id, project.client_id)}
    assert "See the time entries" in as_manager.get(here).text


@pytest.mark.parametrize("who", ["ana", "ANA", "Ana Pérez", "ana pérez", "Pérez, Ana", "Pérez Ana", "ana@example.com"])
def test_a_person_is_found_however_the_file_says_who(as_manager: Any, ana: Any, project: Project, who: str) -> None:
    upload(as_manager, sheet(f"{who};{day()};1;Archive move;"))
    assert newest().rows_new == 1, problems(rows()[0])


def test_who_is_not_known_or_could_be_several_is_named(as_manager: Any, ana: Any, project: Project) -> None:
    for username in ("bob1", "bob2"):
        make_assistant(name="Bob Ray", user=make_user(role="expert", username=username))
    upload(
        as_manager,
        sheet(
            f"Ana Perez;{day()};1;Archive move;",
            f"Zoe Quill;{day()};1;Archive move;",
            f"Ana Peres <ana@elsewhere.example>;{day()};1;Archive move;",
            f"Bob Ray;{day()};1;Archive move;",
            f"bob1;{day()};1;Archive move;",
            f";{day()};1;Archive move;",
        ),
    )
    assert [problems(row) for row in rows()] == [
        {"person": "Nobody with this name was found. Did you mean “Ana Pérez”?"},
        {"person": "Nobody with this name was found."},
        {"person": "Nobody with this name was found. Did you mean “Ana Pérez”?"},
        {"person": "2 people have this name. Enter the user name: bob1, bob2."},
        {"project": "Only members of the team log time on “Archive move”."},
        {"person": "Fill this in."},
    ]


def test_a_project_is_found_by_id_or_name_and_the_company_tells_several_apart(
    as_manager: Any, ana: Any, team: Any, project: Project
) -> None:
    start = today() - timedelta(days=30)
    other = make_project(team=team, start_date=start, name="Archive move", client=make_client_company(name="Beta AG"))
    upload(
        as_manager,
        sheet(
            f"ana;{day()};1;{project.id};;a",
            f"ana;{day()};1;Archive move;beta ag;b",
            f"ana;{day()};1;Archive move;;c",
            f"ana;{day()};1;Archive move;Gamma;d",
            f"ana;{day()};1;Archiv move;;e",
            heading="person;worked_on;hours;project;company;note",
        ),
    )
    assert [row.after.get("project") for row in rows()] == [str(project.id), str(other.id), None, None, None]
    assert [problems(row) for row in rows()[2:]] == [
        {"project": "2 companies have a project with this name. Name the company: “Acme GmbH”, “Beta AG”."},
        {"company": "“Archive move” belongs to “Acme GmbH”, “Beta AG”."},
        {"project": "No project with this name was found. Did you mean “Archive move”?"},
    ]


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [("1,5", 90), ("1:30", 90), ("1.5", 90), ("1h30", 90), ("01:29:40", 90), ("90 min", 90), ("0,33", 20)],
)
def test_hours_are_read_as_the_form_reads_them(
    as_manager: Any, ana: Any, project: Project, hours: str, minutes: int
) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};{hours};Archive move;"))
    as_manager.post(f"{here}/apply")
    assert [entry.minutes for entry in entries()] == [minutes]


def test_hours_with_three_decimals_are_read_as_their_column_is_written(
    as_manager: Any, ana: Any, project: Project
) -> None:
    upload(as_manager, sheet(f"ana;{day()};1.125;Archive move;a", f"ana;{day()};0.75;Archive move;b"))
    assert [row.after["hours"] for row in rows()] == ["1:08", "0:45"]
    here = upload(as_manager, sheet(f"ana;{day()};1.125;Archive move;a", f"ana;{day()};2:30;Archive move;b"))
    assert problems(rows()[0]) == {"hours": "This may be 1125 or 1.125. Write one or the other."}
    assert "the point separates decimals" in as_manager.get(here).text
    as_manager.post(f"{here}/answer", data={"mark-hours": "."})
    assert [row.after["hours"] for row in rows()] == ["1:08", "2:30"]


def test_wrong_cells_are_named_and_the_other_rows_applied(as_manager: Any, ana: Any, project: Project) -> None:
    tomorrow, before = today() + timedelta(days=2), today() - timedelta(days=40)
    here = upload(
        as_manager,
        sheet(
            f"ana;{day()};1.500;Archive move;a",
            f"ana;{day()};25:00;Archive move;b",
            f"ana;{day()};a lot;Archive move;c",
            f"ana;{tomorrow};1;Archive move;d",
            f"ana;{before};1;Archive move;e",
            "ana;yesterday;1;Archive move;f",
            f"ana;{day()};20;Archive move;g",
            f"ana;{day()};5;Archive move;h",
            f"ana;{day()};4;;i",
        ),
    )
    assert [problems(row) for row in rows()] == [
        {"hours": "This may be 1500 or 1.50. Write one or the other."},
        {"hours": "A day has 24 hours: write a time from 0:01 to 24:00."},
        {"hours": "Write hours as in 7:30 or 7.5."},
        {"worked_on": "This day is yet to come."},
        {"worked_on": f"The project began on {day_in_words(project.start_date)}."},
        {"worked_on": "Give a date as in 2026-12-01 or 1.12.2026."},
        {},
        {"hours": "With what is logged already, the day would be longer than 24 hours."},
        {"project": "Fill this in."},
    ]
    assert as_manager.post(f"{here}/rows/2", data={"hours": "1:30"}).status_code == 303
    as_manager.post(f"{here}/apply", data={"leave_out": "1"})
    assert [(entry.minutes, entry.note) for entry in entries()] == [(90, "a"), (1200, "g")]
    assert "a lot" in as_manager.get(f"{here}/wrong.csv").text


def test_a_day_that_could_be_two_is_one_question_for_the_column(as_manager: Any, ana: Any, project: Project) -> None:
    early = day().replace(day=min(day().day, 12))
    project.start_date = early - timedelta(days=100)
    db.session.commit()
    here = upload(as_manager, sheet(f"ana;{early.month}/{early.day}/{early.year};1;Archive move;"))
    if early.month != early.day:
        assert newest().rows_wrong == 1
        assert "the month comes first" in as_manager.get(here).text
        as_manager.post(f"{here}/answer", data={"mark-worked_on": "mdy"})
    assert [row.after["worked_on"] for row in rows()] == [early.isoformat()]


def test_what_is_there_already_is_named_and_not_logged_twice(as_manager: Any, ana: Any, project: Project) -> None:
    logged(ana, project)
    content = sheet(
        f"ana;{day()};1,5;Archive move; boxes",
        f"ana;{day()};1,5;Archive move;Boxes",
        f"ana;{day()};2;Archive move;",
    )
    here = upload(as_manager, content)
    assert [row.kind for row in rows()] == ["unchanged", "wrong", "new"]
    assert problems(rows()[0]) == {"": "Already logged (submitted)."}
    assert problems(rows()[1]) == {"note": "Same as row 2. If this is separate work, say so in the note."}
    assert "Already logged" in as_manager.get(f"{here}?rows=unchanged").text
    assert as_manager.post(f"{here}/rows/3", data={"note": "Boxes"}).status_code == 422
    as_manager.post(f"{here}/rows/3", data={"note": "More boxes"})
    as_manager.post(f"{here}/apply")
    assert sorted(entry.minutes for entry in entries()) == [90, 90, 120]
    upload(as_manager, content)
    assert (newest().rows_new, newest().rows_unchanged, newest().rows_wrong) == (0, 2, 1)


def test_of_two_previews_of_one_file_the_second_logs_nothing(as_manager: Any, ana: Any, project: Project) -> None:
    content = sheet(f"ana;{day()};1;Archive move;a", f"ana;{day()};2;Archive move;b")
    first, second = upload(as_manager, content), upload(as_manager, content)
    for here in (first, second):
        as_manager.post(f"{here}/apply")
    assert (newest().rows_conflict, newest().rows_done) == (2, 0)
    assert problems(rows()[0]) == {"": "The same time has been logged since the preview."}
    assert len(entries()) == 2


def test_a_rule_that_changed_since_the_preview_is_in_the_way(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};10;Archive move;a", f"ana;{day()};2;Archive move;b"))
    logged(ana, project, minutes=1200, note="All day")
    as_manager.post(f"{here}/apply")
    assert (newest().rows_conflict, newest().rows_done) == (1, 1)
    assert [problems(row) for row in rows() if row.kind == "conflict"] == [{"": "A day has 24 hours."}]
    assert sorted(entry.minutes for entry in entries()) == [120, 1200]


def test_an_import_is_undone_as_far_as_nobody_decided(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};1;Archive move;a", f"ana;{day()};2;Archive move;b"))
    as_manager.post(f"{here}/apply")
    kept = next(entry for entry in entries() if entry.note == "a")
    time.approve_time([kept.id], actor=as_manager.user)
    db.session.commit()
    undo = as_manager.post(f"{here}/undo").location
    page = as_manager.get(undo).text
    assert (newest().rows_conflict, newest().state) == (1, State.PREVIEWED)
    assert "It has been approved since, so it stays." in page
    assert "Ana Pérez" in page
    as_manager.post(f"{undo}/apply")
    assert [entry.note for entry in entries()] == ["a"]


def test_an_import_is_undone_and_done_again(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};1;Archive move;a", f"ana;{day()};2;Archive move;b"))
    as_manager.post(f"{here}/apply")
    undo = as_manager.post(f"{here}/undo").location
    assert entries() == []
    as_manager.post(f"{undo}/undo")
    assert [entry.note for entry in entries()] == ["a", "b"]


TOGGL = (
    "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags,"
    "Amount ()\nAna P.,ana@example.com,Acme GmbH,Archive move,,Boxes,Yes,{day},09:00:00,{day},10:30:00,01:30:00,,\n"
)
CLOCKIFY = (
    '"Project","Client","Description","Task","User","Group","Email","Tags","Billable","Start Date","Start Time",'
    '"End Date","End Time","Duration (h)","Duration (decimal)","Billable Rate (USD)","Billable Amount (USD)"\n'
    '"Archive move","Acme GmbH","Boxes","","Ana Pérez","","ana@example.com","","Yes","{day}","09:00:00",'
    '"{day}","10:30:00","01:30:00","1.50","0.00","0.00"\n'
)
HARVEST = (
    "Date,Client,Project,Project Code,Task,Notes,Hours,Hours Rounded,Billable?,Invoiced?,Approved?,First Name,"
    "Last Name,Roles,Employee?,Billable Rate,Billable Amount,Cost Rate,Cost Amount,Currency,External Reference URL\n"
    "{day},Acme GmbH,Archive move,AM,Packing,Boxes,1.5,1.5,Yes,No,No,Ana,"
    "Pérez,,Yes,90.0,135.0,0.0,0.0,US Dollar - USD,\n"
)
GERMAN = "Mitarbeiter;Datum;Stunden;Projekt;Kunde;Tätigkeit\nPérez, Ana;{german};1,50;Archive move;Acme GmbH;Boxes\n"
FRENCH = "Nom;Prénom;Date;Durée;Projet;Client;Commentaire\nPérez;Ana;{german};1h30;Archive move;Acme GmbH;Boxes\n"


@pytest.mark.parametrize(
    "content", [TOGGL, CLOCKIFY, HARVEST, GERMAN, FRENCH], ids=["toggl", "clockify", "harvest", "de", "fr"]
)
def test_other_tools_sheets_are_proposed_and_remembered(
    as_manager: Any, ana: Any, project: Project, content: str
) -> None:
    content = content.format(day=day(), german=f"{day():%d.%m.%Y}")
    here = upload(as_manager, content)
    sent = form_of(as_manager.get(here).text)
    assert newest().state == State.ASKING
    assert as_manager.post(f"{here}/columns", data=sent).status_code == 303
    assert newest().rows_new == 1, [problems(row) for row in rows()]
    as_manager.post(f"{here}/apply")
    assert [(e.minutes, e.note, e.hourly_rate) for e in entries()] == [(90, "Boxes", Decimal("40.00"))]
    upload(as_manager, content)
    assert newest().params["look"]["remembered"]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_workbooks_hold_days_and_hours_as_such(as_manager: Any, ana: Any, project: Project, make: Any) -> None:
    table = [
        ["person", "worked_on", "hours", "project", "note"],
        ["ana", day().isoformat(), 1.333, "Archive move", "x"],
    ]
    upload(as_manager, make({"Sheet": table}), "sheet.xlsx" if make is xlsx else "sheet.ods")
    assert [row.after.get("hours") for row in rows()] == ["1:20"], [problems(row) for row in rows()]


@pytest.mark.parametrize("rate", ["90,00 USD", "90 $"])
def test_a_rate_in_another_currency_than_the_projects_is_refused(
    as_manager: Any, ana: Any, project: Project, rate: str
) -> None:
    heading = "person;worked_on;hours;project;note;hourly_rate"
    upload(
        as_manager,
        sheet(f"ana;{day()};1;Archive move;a;{rate}", f"ana;{day()};1;Archive move;b;50 EUR", heading=heading),
    )
    assert problems(rows()[0]) == {"hourly_rate": "The project’s currency is EUR, not USD."}
    assert rows()[1].after["hourly_rate"] == 50


@pytest.mark.committed  # the export reads over a connection of its own
@pytest.mark.parametrize("drop", ["", "id"])
def test_what_was_exported_is_there_already(
    committed_db: str, as_manager: Any, ana: Any, project: Project, drop: str
) -> None:
    logged(ana, project, minutes=440)
    logged(ana, project, minutes=1, note="Short")
    exported = as_manager.get("/admin/time/export.csv").get_data(as_text=True).lstrip("\ufeff")
    table = list(csv.DictReader(io.StringIO(exported)))
    kept = [name for name in table[0] if name != drop]
    out = io.StringIO()
    writer = csv.DictWriter(out, kept, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(table)
    upload(as_manager, out.getvalue())
    assert (newest().rows_unchanged, newest().rows_total) == (2, 2), [problems(row) for row in rows()]


def test_a_row_with_an_id_must_say_what_its_entry_says(as_manager: Any, ana: Any, project: Project) -> None:
    entry = logged(ana, project)
    heading = "id;person;worked_on;hours;project;note"
    other = "01900000-0000-7000-8000-000000000000"
    upload(
        as_manager,
        sheet(
            f"{entry.id};ana;{day()};2;Archive move;Boxes",
            f"{other};ana;{day()};2;Archive move;Boxes",
            f"{entry.id};ana;{day()};1,5;Archive move;Boxes",
            f"{entry.id};ana;{day()};1,5;Archive move;Boxes",
            heading=heading,
        ),
    )
    assert [problems(row) for row in rows()] == [
        {"hours": "The entry with this id has another value. Correct it in the time sheet instead."},
        {"id": "No time entry has this id."},
        {"": "Already logged (submitted)."},
        {"id": "Row 4 has the same id."},
    ]


@pytest.mark.parametrize("way", ["get", "post"])
def test_only_staff_import_time(as_client: Any, as_expert: Any, client: Any, way: str) -> None:
    assert getattr(client, way)(IMPORT).status_code in (302, 303, 401)
    assert getattr(as_client, way)(IMPORT).status_code in (403, 404)


def test_an_expert_imports_no_time(as_expert: Any) -> None:
    assert as_expert.get(IMPORT).status_code in (403, 404)
    assert as_expert.get(f"{IMPORT}/template.csv").status_code in (403, 404)


def test_the_page_says_what_a_file_holds(as_manager: Any) -> None:
    page = as_manager.get(IMPORT).text
    for told in ("Toggl", "worked_on", "Archive move", "template.csv"):
        assert told in page
    assert "slug" not in page
    template = as_manager.get(f"{IMPORT}/template.csv").text
    assert template.strip("\ufeff\r\n") == "person,worked_on,hours,project,company,note,hourly_rate,currency"
    assert f'href="{IMPORT}"' in as_manager.get("/admin/time").text
    assert IMPORT in as_manager.get("/admin/palette?q=import+time").text
    assert IMPORT not in as_manager.get("/admin/").text


def test_the_history_tells_of_the_import(as_manager: Any, as_admin: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};1;Archive move;a"))
    as_manager.post(f"{here}/apply")
    page = as_admin.get("/admin/audit").text
    assert re.search(r"import.time", page, re.IGNORECASE)


def test_a_large_sheet_is_previewed_and_logged_by_jobs(
    as_manager: Any, ana: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "LARGE", 2)
    monkeypatch.setattr(running, "AT_ONCE", 2)
    here = upload(as_manager, sheet(*(f"ana;{day()};1;Archive move;{n}" for n in range(3))))
    assert newest().state == State.PREPARING
    tasks.preview_change_set(str(newest().id))
    assert newest().rows_new == 3
    as_manager.post(f"{here}/apply")
    assert newest().state == State.QUEUED
    run_jobs(db.session, running.APPLY)
    db.session.commit()
    assert len(entries()) == 3
    by = db.session.scalars(select(AuditEntry.actor_name).where(AuditEntry.action == "import-time").distinct()).all()
    assert by == [as_manager.user.username]


def test_days_are_those_of_the_person_whose_time_it_is(as_manager: Any, ana: Any, project: Project) -> None:
    ana.user.timezone = "Pacific/Kiritimati"
    db.session.commit()
    ahead = today_in("Pacific/Kiritimati")
    upload(as_manager, sheet(f"ana;{ahead};1;Archive move;", f"ana;{ahead + timedelta(days=1)};1;Archive move;"))
    assert [problems(row) for row in rows()] == [{}, {"worked_on": "This day is yet to come."}]


def test_time_of_days_that_are_over_is_imported_and_later_days_are_not(
    as_manager: Any, ana: Any, team: Any, project: Project
) -> None:
    project.status = "on_hold"
    db.session.commit()
    upload(as_manager, sheet(f"ana;{day()};1;Archive move;", f"ana;{project.start_date};1;Archive move;"))
    assert newest().rows_new == 2


def test_what_rows_lack_is_said_once(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, sheet(f"ana;{day()};1;;a", f"ana;{day()};1;;b", f"ana;{day()};1;Archive move;c"))
    assert (newest().rows_new, newest().rows_wrong) == (1, 2)
    as_manager.post(f"{here}/answer", data={"fill-project": "archive move"})
    assert (newest().rows_new, newest().rows_wrong) == (3, 0)


def test_the_currency_of_a_file_without_rates_does_not_matter(as_manager: Any, ana: Any, project: Project) -> None:
    heading = "person;worked_on;hours;project;note;hourly_rate;currency"
    upload(
        as_manager,
        sheet(
            f"ana;{day()};1;Archive move;a;;CAD",
            f"ana;{day()};1;Archive move;b;90;CAD",
            f"ana;{day()};1;Archive move;c;90;EUR",
            f"ana;{day()};1;Archive move;d;90;",
            heading=heading,
        ),
    )
    assert [row.kind for row in rows()] == ["new", "wrong", "new", "new"], [problems(row) for row in rows()]
    assert [row.after.get("hourly_rate") for row in rows()] == [None, None, 90, 90]


def test_one_project_may_be_said_for_all_rows(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(as_manager, f"Wer;Datum;Stunden\nana;{day():%d.%m.%y};2\n")
    sent = form_of(as_manager.get(here).text)
    said = {**sent, "column-0": "person", "value-project": "Archive move"}
    assert as_manager.post(f"{here}/columns", data={**said, "value-project": ""}).status_code == 422
    assert as_manager.post(f"{here}/columns", data=said).status_code == 303
    assert newest().rows_new == 1, [problems(row) for row in rows()]


def test_an_import_that_was_undone_can_be_imported_again(as_manager: Any, ana: Any, project: Project) -> None:
    content = sheet(f"ana;{day()};1;Archive move;a")
    here = upload(as_manager, content)
    as_manager.post(f"{here}/apply")
    as_manager.post(f"{here}/undo")
    again = upload(as_manager, content)
    as_manager.post(f"{again}/apply")
    assert len(entries()) == 1


def test_html_formulas_and_long_notes_do_no_harm(as_manager: Any, ana: Any, project: Project) -> None:
    here = upload(
        as_manager,
        sheet(
            f"ana;{day()};1;Archive move;<b>bold</b>",
            f"ana;{day()};1;Archive move;'=1+1",
            f"ana;{day()};1;Archive move;{'x' * 1001}",
        ),
    )
    assert [row.after.get("note") for row in rows()] == ["<b>bold</b>", "=1+1", None]
    assert "note" in problems(rows()[2])
    assert "<b>bold</b>" not in as_manager.get(f"{here}?rows=new").text


def test_near_names_are_looked_for_once_and_not_without_end() -> None:
    asked: list[int] = []
    nearest = Nearest(lambda: asked.append(1) or ["Ana Pérez"])
    assert [nearest.hint(["Ana Perez"]) for _ in range(3)] == [" Did you mean “Ana Pérez”?"] * 3
    assert nearest.hint(["Zoe"]) == ""
    assert asked == [1]
    for number in range(200):
        nearest.hint([f"Nobody {number}"])
    assert nearest.hint(["Anna Pérez"]) == ""


def test_a_workbook_with_a_title_real_days_and_durations_is_read(as_manager: Any, ana: Any, project: Project) -> None:
    book = Workbook()
    page = book.active
    page.title = "Zeiten"
    began = datetime.combine(day(), clock(9))
    for row in (
        ["Zeiterfassung November"],
        [],
        ["Mitarbeiter", "Beginn", "Dauer", "Projekt", "Tätigkeit"],
        ["Ana Pérez", began, timedelta(hours=1, minutes=30), "Archive move", "Kisten"],
        ["Ana Pérez", began, 0.25, "Archive move", "Anruf"],
        ["Summe", None, timedelta(hours=1, minutes=45)],
    ):
        page.append(row)
    made = io.BytesIO()
    book.save(made)
    here = upload(as_manager, made.getvalue(), "zeiten.xlsx")
    as_manager.post(f"{here}/columns", data=form_of(as_manager.get(here).text))
    assert [row.after.get("hours") for row in rows()] == ["1:30", "0:15", None]
    assert [row.after.get("worked_on") for row in rows()] == [day().isoformat(), day().isoformat(), None]
    assert set(problems(rows()[2])) == {"worked_on", "project"}
