"""The example of docs/matching.md, and its tables."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.assistants.matching.limits import Excluded
from app.assistants.matching.scoring import Scored, judge
from app.assistants.matching.weights import WEIGHTS
from tests.factories.matching import a_booking, a_candidate, a_request, a_week, kinship_of

PAGE = (Path(__file__).parents[2] / "docs" / "matching.md").read_text()

WANTED = a_request(
    "Bookkeeping", "Excel", "DATEV",
    max_rate=Decimal("45.00"), currency="EUR", zone="Europe/Berlin", window=(8 * 60, 12 * 60),
)  # fmt: skip
ANNA = a_candidate(
    {"Bookkeeping": 4, "Excel": 5, "Lexware": 3},
    rate=Decimal("27.00"), zone="Europe/London", week=a_week(8, 16), bookings=(a_booking("10"),),
    time_off=((date(2026, 12, 21), date(2027, 1, 1)),), rating_sum=118, reviews_count=25, rating=Decimal("4.72"),
)  # fmt: skip


@pytest.fixture
def anna() -> Scored:
    answer = judge(WANTED, ANNA, kinship_of(DATEV=("Lexware", 0.6)))
    assert not isinstance(answer, Excluded)
    return answer


def _rows(cells: int) -> list[list[str]]:
    """The rows of the page's tables that tell of a part and have so many cells."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] in WEIGHTS and len(row) == cells]


def test_the_page_tells_the_weights() -> None:
    assert {part: float(weight) for part, weight, _ in _rows(3)} == WEIGHTS
    assert sum(WEIGHTS.values()) == pytest.approx(1, abs=1e-12)


def test_the_example_is_worked_out_as_on_the_page(anna: Scored) -> None:
    shown = {row[0]: [float(cell) for cell in row[1:]] for row in _rows(4)}
    assert list(shown) == list(anna.explanation)
    for part, numbers in anna.explanation.items():
        score, weight, product = shown[part]
        assert (numbers["score"], numbers["weight"]) == (score, weight), part
        assert product == pytest.approx(score * weight, abs=1e-12)
    total = re.search(r"\*\*sum\*\* \| \| \| \*\*([0-9.]+)\*\*", PAGE)
    assert total is not None
    assert anna.score == float(total[1]) == pytest.approx(sum(row[2] for row in shown.values()), abs=1e-12)


def test_the_explanation_has_the_numbers_of_the_example(anna: Scored) -> None:
    said = anna.explanation
    assert [item["credit"] for item in said["skills"]["items"]] == [0.9, 1.0, 0.48]
    assert said["skills"]["matched"] == ["Bookkeeping", "Excel"]
    assert (said["skills"]["related"], said["skills"]["missing"]) == (["DATEV"], [])
    assert said["overlap"]["weeks"] == [{"from": "2026-11-30", "weeks": 13, "hours": 15.0, "of": 20.0, "share": 0.75}]
    assert (said["availability"]["until"], said["availability"]["asked_hours"]) == ("2027-03-01", 260)
    assert said["availability"]["given_hours"] == 220
    assert said["rating"]["counted_as"] == 4.516667
    assert (said["load"]["weekly_hours"], said["load"]["reserved_hours"]) == (40, 10)


def test_the_reasons_are_plain_sentences(anna: Scored) -> None:
    assert [part["reasons"] for part in anna.explanation.values()] == [
        [
            "Bookkeeping: level 4 of 5.",
            "Excel: level 5 of 5.",
            "DATEV: Lexware (level 3 of 5) comes close, and counts 60 % of it.",
        ],
        ["Asks for 27.00 EUR an hour, where 45.00 are the most."],
        ["Works 15 hours a week between 08:00 and 12:00 in Europe/Berlin."],
        ["Away for some of it: 220 of 260 hours from 1 Dec 2026 to 1 Mar 2027 can be given."],
        ["4.72 of 5 stars from 25 reviews, counted as 4.52: the more reviews, the closer."],
        ["30 of 40 hours a week are still free."],
    ]


def test_the_working_day_of_a_company_counts_as_the_page_says() -> None:
    wanted = a_request(hours="40", zone="Europe/Berlin", start=date(2026, 12, 1), end=date(2027, 2, 26))
    shares = {}
    for zone in ("Europe/London", "Pacific/Auckland"):
        answer = judge(wanted, a_candidate(zone=zone, week=a_week(9, 17)), kinship_of())
        assert not isinstance(answer, Excluded)
        shares[zone] = answer.explanation["availability"]["score"]
    assert shares == {"Europe/London": 0.875, "Pacific/Auckland": 0}
    assert "35 / 40 = 0.875" in PAGE
