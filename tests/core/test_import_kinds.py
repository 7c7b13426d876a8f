"""What the export of any kind of record writes, the import reads back; what changed in between can be undone."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.catalog.kinds import services, solutions
from app.core import kinds
from app.core.audit import SYSTEM
from app.core.changes import applying, staging, undo
from app.core.changes.models import ChangeSet
from app.core.clock import today
from app.core.kinds import Kind
from app.extensions import db
from app.projects.timesheets.operations import log_time
from app.projects.timesheets.schemas import TimeInput
from tests.factories import make_user
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.projects import make_project, make_team


@pytest.fixture
def catalogue(
    db_session: Any, make_product: Any, make_solution: Any, make_service_category: Any, make_offering: Any
) -> Any:
    first, second = make_product(name="First", features=["a | b", "c"]), make_product(name="Second, “quoted”")
    solution = make_solution(products=[first, second], summary="=1+1")
    category = make_service_category(offerings=[make_offering()], description="Two\nlines")
    make_product(name="'=quoted", description="_x0041_ <b> & \t'+1", price=Decimal("1500.00"), features=["=x", "00123"])
    make_product(name="007", price=Decimal("0.10"), currency="CHF")
    make_assistant(hourly_rate=Decimal("42.50"))
    worker = make_assistant(user=make_user(role="expert"))
    project = make_project(team=make_team(members=[worker]), start_date=today() - timedelta(days=9))
    for minutes, note in ((440, "=1+1"), (1, "Two\nlines"), (90, "")):
        taken = TimeInput(worked_on=today() - timedelta(days=2), minutes=minutes, note=note)
        log_time(project, taken, user_id=worker.user_id, actor=SYSTEM)
    db.session.commit()
    make_team(capacity=Decimal("1037.50"))
    make_skill("Excel", aliases=["MS Excel", "spreadsheets"])
    return first, second, solution, category


def exported(browser: Any, kind: Kind) -> str:
    return browser.get(f"/admin/{kind.key}/export.csv").get_data(as_text=True)


def previewed(kind: Kind, content: str) -> ChangeSet:
    change_set = staging.stage_import(db.session, kind, content.encode(), filename="list.csv", actor=SYSTEM)
    staging.preview_import(db.session, change_set)
    db.session.commit()
    return change_set


def counts(change_set: ChangeSet) -> tuple[int, int, int, int]:
    return change_set.rows_new, change_set.rows_changed, change_set.rows_unchanged, change_set.rows_wrong


FORMS = {
    "workbook": ("export.xlsx", "list.xlsx"),
    "commas": ("export.csv", "list.csv"),
    "semicolons": ("export.csv?separator=;&decimal=,", "list.csv"),
}


@pytest.mark.committed  # the export reads over a connection of its own
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [kind.key for kind in kinds.every() if kind.filing and kind.filing.imports])
def test_an_export_comes_back_as_unchanged(
    key: str, form: str, committed_db: str, as_manager: Any, catalogue: Any
) -> None:
    kind = kinds.get_kind(key)
    path, filename = FORMS[form]
    rows = len(list(csv.DictReader(io.StringIO(exported(as_manager, kind).lstrip("\ufeff")))))
    assert rows > 0
    content = as_manager.get(f"/admin/{key}/{path}").get_data()
    change_set = staging.stage_import(db.session, kind, content, filename=filename, actor=SYSTEM)
    staging.preview_import(db.session, change_set)
    assert counts(change_set) == (0, 0, rows, 0)


def test_the_products_of_a_solution_are_changed_and_put_back(as_manager: Any, catalogue: Any) -> None:
    first, second, solution, _ = catalogue
    content = f"slug,product_ids\n{solution.slug},{second.id} | {first.id}\n"
    change_set = previewed(solutions, content)
    assert counts(change_set) == (0, 1, 0, 0)
    applying.apply(db.session, change_set, actor=SYSTEM)
    db.session.commit()
    db.session.expire_all()
    assert solution.product_ids == [second.id, first.id]
    undone = undo.stage_undo(db.session, actor=SYSTEM, change_set=change_set)
    undo.preview_undo(db.session, undone)
    undo.carry_out(db.session, undone, actor=SYSTEM)
    db.session.commit()
    db.session.expire_all()
    assert solution.product_ids == [first.id, second.id]


def test_products_that_are_not_there_are_named_before_anything_is_written(as_manager: Any, catalogue: Any) -> None:
    _, _, solution, _ = catalogue
    change_set = previewed(solutions, f"slug,product_ids\n{solution.slug},no-id\n")
    assert counts(change_set) == (0, 0, 0, 1)


def test_an_import_of_service_categories_leaves_their_offerings(as_manager: Any, catalogue: Any) -> None:
    *_, category = catalogue
    change_set = previewed(services, f"slug,name\n{category.slug},Renamed\n,Brand new\n")
    assert counts(change_set) == (1, 1, 0, 0)
    applying.apply(db.session, change_set, actor=SYSTEM)
    db.session.commit()
    db.session.expire_all()
    assert (category.name, len(category.offerings)) == ("Renamed", 1)
