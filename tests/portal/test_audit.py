from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.catalog import operations
from app.core import records
from app.core.audit import using_audit_context
from app.core.clock import frozen

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def changed(as_manager, make_product, db_session):
    """A product that the manager repriced on 10 March, under the request `req-1`."""
    product = make_product(name="Atlas", price=Decimal("1499.00"))
    with frozen(DAY), using_audit_context(via="portal", request_id="req-1"):
        operations.update_product(product, {"price": Decimal("1299.00")}, actor=as_manager.user)
        db_session.commit()
    return product


def log(browser, **asked):
    answer = browser.get("/admin/audit", query_string=asked, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_entry_shows_each_field_before_and_after(as_manager, changed):
    page = log(as_manager, request_id="req-1")
    assert "1,499.00" in page
    assert "1,299.00" in page
    assert "Atlas" in page
    assert as_manager.user.username in page


@pytest.mark.parametrize(
    "asked",
    [
        {"record": "Atlas"},
        {"record": "atlas"},
        {"action": "update"},
        {"request_id": "req-1"},
        {"since": "2026-03-10", "until": "2026-03-10"},
    ],
)
def test_the_log_is_searched_by_record_action_request_and_day(as_manager, changed, asked):
    assert "1,299.00" in log(as_manager, **asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"record": "Nothing of that name"},
        {"record": "01890000-0000-7000-8000-000000000000"},
        {"action": "archive"},
        {"request_id": "req-2"},
        {"since": "2026-03-11", "action": "update"},
        {"until": "2026-03-09"},
        {"person": "nobody"},
    ],
)
def test_what_does_not_fit_is_left_out(as_manager, changed, asked):
    assert "1,299.00" not in log(as_manager, **asked)


def test_the_log_is_searched_by_person_and_by_id(as_manager, changed):
    assert "1,299.00" in log(as_manager, person=as_manager.user.username)
    assert "1,299.00" in log(as_manager, person=as_manager.user.email)
    assert "1,299.00" in log(as_manager, record=str(changed.id))


def test_an_archived_record_is_found_by_its_name(as_manager, make_product):
    make_product(name="Gone Gadget", archived=True)
    assert "Gone Gadget" in log(as_manager, record="gone gadget")


def test_the_changes_of_parts_show_with_their_record(as_manager, make_service_category, make_offering):
    make_service_category(name="Finance desk", offerings=[make_offering(name="Bookkeeping")])
    page = log(as_manager, record="Finance desk")
    assert "Bookkeeping in Finance desk" in page
    assert "offering" in page


def test_days_are_the_readers(as_manager, make_product, db_session):
    product = make_product(name="Late")
    with frozen(datetime(2026, 3, 10, 23, 30, tzinfo=UTC)):
        records.archive(product, actor=as_manager.user)
        db_session.commit()
    as_manager.set_cookie("tz", "Europe/Berlin")
    assert "archive" in log(as_manager, record="Late", since="2026-03-11", until="2026-03-11")


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "yesterday"},
        {"until": "2026-13-45"},
        {"before": "x"},
        {"before": str(2**70)},
        {"person": "x" * 500},
    ],
)
def test_what_makes_no_sense_is_told_and_the_rest_answered(as_manager, changed, asked):
    answer = as_manager.get("/admin/audit", query_string=asked)
    assert answer.status_code == 422
    assert "1,299.00" in answer.text


def test_the_last_day_of_all_can_be_asked_for(as_manager, changed):
    assert "1,299.00" in log(as_manager, until="9999-12-31")
    assert "1,299.00" in log(as_manager, since="0001-01-01")


def test_pages_lead_on_and_back_without_gaps(as_manager, make_product):
    for number in range(120):
        make_product(name=f"Item {number}")
    seen, url = [], "/admin/audit?action=create"
    while url:
        page = as_manager.get(url).text
        seen += [part.partition("<")[0] for part in page.split(">Item ")[1:]]
        url = (
            page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
            if 'rel="next"' in page
            else ""
        )
    items = [int(number) for number in seen]
    assert items == sorted(items, reverse=True)
    assert len(set(items)) == 120
    newest = as_manager.get("/admin/audit?action=create&after=0").text
    assert ">Item 0<" in newest


@pytest.mark.parametrize("browser", ["as_client", "as_expert"])
def test_others_than_staff_see_no_log(request, browser):
    assert request.getfixturevalue(browser).get("/admin/audit").status_code == 403


def test_the_log_reads_no_query_per_entry(as_manager, make_product, count_queries):
    make_product()
    with count_queries() as few:
        log(as_manager)
    for _ in range(40):
        make_product()
    with count_queries() as many:
        log(as_manager)
    assert len(many) <= len(few) + 1
