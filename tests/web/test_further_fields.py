"""Days, numbers, flags and single records, in bodies and in forms."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from pydantic import Field, ValidationError
from werkzeug.datastructures import MultiDict

from app.core.schemas import Day, Input, Number, Picked
from app.web.forms import form_class


class Stay(Input):
    starts_on: Annotated[date, Day(), Field(title="First day")]
    hours: Annotated[Decimal, Number(0, 168, decimals=2, unit="hours"), Field(title="Hours")] = Decimal(40)
    rooms: Annotated[int, Number(1, 5), Field(title="Rooms")] = 1
    quiet: Annotated[bool, Field(title="Quiet")] = False
    client_id: Annotated[UUID | None, Picked("clients"), Field(title="Company")] = None


@pytest.mark.parametrize("value", ["2026-12-01", date(2026, 12, 1)])
def test_a_day_is_taken_as_it_is_written(value: Any) -> None:
    assert Stay(starts_on=value).starts_on == date(2026, 12, 1)


@pytest.mark.parametrize(
    "value",
    [5, 1.5, True, "2026-02-30", "2026-12-01T10:00:00Z", "1/12/2026", "20261201", "", "1066-10-14", "9999-01-01"],
)
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Stay(starts_on=value)


@pytest.mark.parametrize(("given", "taken"), [(12, "12"), (7.5, "7.5"), ("7.25", "7.25"), (168, "168")])
def test_a_number_is_taken_exactly(given: Any, taken: str) -> None:
    assert Stay(starts_on="2026-12-01", hours=given).hours == Decimal(taken)


@pytest.mark.parametrize("given", [-1, 168.01, 1e30, "1e3", "ten", True, None, float("nan"), "7.123"])
def test_a_number_out_of_bounds_or_no_number_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        Stay(starts_on="2026-12-01", hours=given)


@pytest.mark.parametrize(("given", "fits"), [(3, True), ("3", True), (6, False), (1.5, False), ("1.5", False)])
def test_a_whole_number_is_whole(given: Any, fits: bool) -> None:
    try:
        assert Stay(starts_on="2026-12-01", rooms=given).rooms == 3
    except ValidationError:
        assert not fits
    else:
        assert fits


def form(app: Any, **sent: Any) -> Any:
    with app.test_request_context("/", method="POST"):
        made = form_class(Stay)(formdata=MultiDict(sent), meta={"csrf": False})
        made.submitted = made.new_values()
        return made


def test_a_form_reads_them(app: Any) -> None:
    key = uuid4()
    values = form(app, starts_on="2026-12-01", hours="7.50", rooms="2", quiet="yes", client_id=str(key)).submitted
    assert values == Stay(starts_on=date(2026, 12, 1), hours=Decimal("7.5"), rooms=2, quiet=True, client_id=key)


def test_a_flag_that_is_not_ticked_is_no(app: Any) -> None:
    assert form(app, starts_on="2026-12-01", quiet="").submitted.quiet is False


def test_a_wrong_day_stays_in_view_with_its_error(app: Any) -> None:
    made = form(app, starts_on="2026-02-30")
    assert made.submitted is None
    assert made.fields["starts_on"].errors == ["There is no such day."]
    assert 'value="2026-02-30"' in made.fields["starts_on"]()


def test_another_record_takes_the_place_of_the_one_chosen(app: Any) -> None:
    first, second = str(uuid4()), str(uuid4())
    made = form(app, starts_on="2026-12-01", client_id=first)
    made.act(f"client_id:add:{second}")
    assert made.fields["client_id"].data == [second]


def test_no_day_is_taken_where_it_may_be_missing_and_only_there() -> None:
    class Leave(Input):
        ends_on: Annotated[date | None, Day()] = None

    assert Leave.model_validate({"ends_on": None}).ends_on is None
    with pytest.raises(ValidationError):
        Stay(starts_on=None)
