"""Days as files write them."""

from datetime import date

import pytest

from app.core.dates import AmbiguousDay, order_of, read_day

THIRD = date(2026, 11, 3)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-11-03", "2026-11-3", "2026/11/03", "2026.11.03.", "3.11.2026", "03.11.26", "3. 11. 2026"),
        *("2026-11-03T08:15:00", "2026-11-03 08:15:00", "2026-11-03T08:15:00Z", "3.11.2026 08:15", "3.11.2026, 8:15"),
        *("3 Nov 2026", "3. November 2026", "3-Nov-26", "Nov 3, 2026", "November 3rd, 2026", "3 novembre 2026"),
        *("Di, 03.11.2026", "Tue 3 Nov 2026", "Mar. 03.11.2026", "Tuesday, November 3, 2026", " 2026-11-03 "),
    ],
)
def test_a_day_is_read_in_every_form_that_files_have(text: str) -> None:
    assert read_day(text) == THIRD


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("25/11/2026", date(2026, 11, 25)),
        ("11/25/2026", date(2026, 11, 25)),
        ("11-25-26", date(2026, 11, 25)),
        ("5/5/2026", date(2026, 5, 5)),
        ("1. März 2026", date(2026, 3, 1)),
        ("1 Mrz 2026", date(2026, 3, 1)),
        ("1er février 2026", date(2026, 2, 1)),
        ("14 août 2026", date(2026, 8, 14)),
        ("14 juillet 2026", date(2026, 7, 14)),
        ("14 juin 2026", date(2026, 6, 14)),
        ("31.12.2026", date(2026, 12, 31)),
        ("8 Dezember 2026", date(2026, 12, 8)),
    ],
)
def test_what_can_be_one_day_only_is_that(text: str, day: date) -> None:
    assert read_day(text) == day


def test_a_day_that_could_be_two_is_asked_about_unless_the_column_tells() -> None:
    found = read_day("11/03/2026")
    assert found == AmbiguousDay(date(2026, 3, 11), THIRD)
    assert found.question == "This may be 11 Mar 2026 or 3 Nov 2026. Write it as in 2026-03-11."
    assert read_day("11/03/2026", "mdy") == THIRD
    assert read_day("03/11/2026", "dmy") == THIRD
    assert read_day("11/03/2026 8:30 AM", "mdy") == THIRD


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["11/03/2026", "11/25/2026"], "mdy"),
        (["11/03/2026", "25/11/2026"], "dmy"),
        (["11/03/2026"], None),
        (["11/25/2026", "25/11/2026"], None),
        (["25.11.2026", "2026-11-25", "x", ""], None),
    ],
)
def test_a_column_gives_its_order_away(cells: list[str], order: str | None) -> None:
    assert order_of(cells) == order


@pytest.mark.parametrize("text", ["yesterday", "", "3.11.", "45964", "2026", "3 Foo 2026", "٣.١١.٢٠٢٦"])
def test_what_is_no_day_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"Give a date as in 2026-12-01 or 1\.12\.2026\."):
        read_day(text)


@pytest.mark.parametrize("text", ["30.2.2026", "2026-13-01", "31/4/2026", "0.1.2026"])
def test_a_day_that_the_calendar_lacks_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="There is no such day"):
        read_day(text)
