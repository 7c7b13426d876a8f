"""The parts and the limits, one by one."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.assistants.matching.facts import Booking, Candidate, Wanted
from app.assistants.matching.limits import Excluded
from app.assistants.matching.scoring import Scored, judge, limits_of, rank
from app.core.fitting.skills import Kinship, WantedSkill
from tests.factories.matching import (
    NO_KIN,
    TUESDAY,
    a_booking,
    a_candidate,
    a_request,
    a_skill,
    a_week,
    kinship_of,
    skill_id,
)


def scored(wanted: Wanted, candidate: Candidate, kinship: Kinship = NO_KIN) -> Scored:
    answer = judge(wanted, candidate, kinship)
    assert isinstance(answer, Scored), answer
    return answer


def part(key: str, wanted: Wanted, candidate: Candidate, kinship: Kinship = NO_KIN) -> dict[str, Any]:
    return scored(wanted, candidate, kinship).explanation[key]


def kept_out(wanted: Wanted, candidate: Candidate, kinship: Kinship = NO_KIN) -> Excluded:
    answer = judge(wanted, candidate, kinship)
    assert isinstance(answer, Excluded), answer
    return answer


class TestSkills:
    @pytest.mark.parametrize(("level", "score"), [(1, 0.6), (2, 0.7), (3, 0.8), (4, 0.9), (5, 1.0)])
    def test_a_level_counts(self, level: int, score: float) -> None:
        assert part("skills", a_request("Excel"), a_candidate({"Excel": level}))["score"] == score

    def test_a_skill_that_is_missing_counts_nothing(self) -> None:
        found = part("skills", a_request("Excel", "Welding"), a_candidate({"Excel": 5}))
        assert (found["score"], found["matched"], found["missing"]) == (0.5, ["Excel"], ["Welding"])
        assert found["reasons"][1] == "Welding: nothing like it."
        assert found["items"][1] == {"skill": "Welding", "has": None, "level": 0, "closeness": 0.0, "credit": 0.0}

    def test_a_term_that_means_nothing_is_missing(self) -> None:
        wanted = a_request(skills=(a_skill("Excel"), a_skill("qa-skill-ab12", known=False)))
        found = part("skills", wanted, a_candidate({"Excel": 5}))
        assert (found["missing"], found["items"][1]["has"]) == (["qa-skill-ab12"], None)

    def test_a_related_skill_counts_in_part(self) -> None:
        found = part("skills", a_request("DATEV"), a_candidate({"Lexware": 5}), kinship_of(DATEV=("Lexware", 0.6)))
        assert (found["score"], found["related"], found["matched"]) == (0.6, ["DATEV"], [])

    def test_the_better_of_the_skill_and_a_related_one_counts(self) -> None:
        kinship = kinship_of(DATEV=("Lexware", 0.9))
        assert part("skills", a_request("DATEV"), a_candidate({"DATEV": 1, "Lexware": 5}), kinship)["score"] == 0.9
        assert part("skills", a_request("DATEV"), a_candidate({"DATEV": 4, "Lexware": 5}), kinship)["matched"]

    def test_of_equally_good_related_skills_the_same_is_named_whatever_their_order(self) -> None:
        ids = [skill_id(name) for name in ("Lexware", "Sage")]
        kinship = Kinship({skill_id("DATEV"): dict.fromkeys(ids, 0.6)}, {ids[0]: "Lexware", ids[1]: "Sage"})
        both = [
            part("skills", a_request("DATEV"), a_candidate(levels=dict(levels)), kinship)["items"]
            for levels in ({"Lexware": 3, "Sage": 3}, {"Sage": 3, "Lexware": 3})
        ]
        assert both[0] == both[1]


class TestRate:
    @pytest.mark.parametrize(
        ("rate", "score"), [("0", 1.0), ("22.50", 1.0), ("22.51", 0.999556), ("33.75", 0.5), ("45.00", 0.0)]
    )
    def test_it_falls_from_half_of_the_maximum_to_the_maximum(self, rate: str, score: float) -> None:
        assert part("rate", a_request(max_rate=Decimal(45)), a_candidate(rate=Decimal(rate)))["score"] == score

    @pytest.mark.parametrize(("rate", "score"), [("0", 1.0), ("30.00", 0.7), ("100", 0.0), ("999999.99", 0.0)])
    def test_without_a_maximum_the_scale_is_fixed(self, rate: str, score: float) -> None:
        assert part("rate", a_request(), a_candidate(rate=Decimal(rate)))["score"] == score

    def test_a_maximum_of_nothing_takes_whoever_costs_nothing(self) -> None:
        nothing = a_request(max_rate=Decimal(0))
        assert part("rate", nothing, a_candidate(rate=Decimal(0)))["score"] == 1
        assert kept_out(nothing, a_candidate(rate=Decimal("0.01"))).code == "rate"


class TestOverlap:
    def test_any_time_will_do_without_a_zone(self) -> None:
        for wanted in (a_request(), a_request(window=(0, 60)), a_request(zone="UTC", weekdays=())):
            found = part("overlap", wanted, a_candidate())
            assert (found["score"], found["reasons"]) == (1.0, ["Any time of the day will do."])

    def test_a_zone_without_times_means_office_hours(self) -> None:
        found = part("overlap", a_request(zone="UTC"), a_candidate(week=a_week(15, 19)))
        assert (found["score"], found["window"]) == (0.5, ["09:00", "17:00"])

    def test_somebody_who_does_not_say_when_counts_half(self) -> None:
        found = part("overlap", a_request(zone="UTC"), a_candidate(week=()))
        assert (found["score"], found["weeks"]) == (0.5, [])
        assert found["reasons"][0].startswith("Doesn't say when")

    def test_a_zone_that_no_longer_exists_is_like_not_saying_when(self) -> None:
        assert part("overlap", a_request(zone="UTC"), a_candidate(zone="Mars/Olympus"))["score"] == 0.5

    def test_wanted_times_shorter_than_the_hours_can_be_met_in_full(self) -> None:
        assert part("overlap", a_request(zone="UTC", window=(540, 600)), a_candidate())["score"] == 1

    def test_spells_with_different_clocks_are_told_apart(self) -> None:
        wanted = a_request(zone="Europe/Berlin", start=date(2027, 3, 8), end=date(2027, 4, 11))
        found = part("overlap", wanted, a_candidate(zone="Asia/Kathmandu"))
        assert [(week["from"], week["weeks"], week["hours"]) for week in found["weeks"]] == [
            ("2027-03-08", 3, 16.25),
            ("2027-03-29", 2, 21.25),
        ]
        assert found["score"] == round((3 * 0.8125 + 2 * 1) / 5, 6)
        assert "16.25 hours a week for 3 weeks and 21.25 hours a week for 2 weeks" in found["reasons"][0]

    @pytest.mark.parametrize(
        ("end", "weeks"), [(TUESDAY, 1), (date(2026, 12, 6), 1), (date(2026, 12, 7), 2), (None, 13), (date.max, 13)]
    )
    def test_weeks_are_those_that_the_period_touches(self, end: date | None, weeks: int) -> None:
        told = part("overlap", a_request(zone="UTC", end=end), a_candidate())["weeks"]
        assert sum(week["weeks"] for week in told) == weeks


class TestAvailability:
    def test_nobody_away_can_give_all(self) -> None:
        found = part("availability", a_request(), a_candidate())
        assert (found["score"], found["asked_hours"], found["given_hours"]) == (1.0, 260, 260)

    def test_a_day_off_costs_what_is_worked_on_it(self) -> None:
        uneven = (*a_week(8, 16, [0]), *a_week(8, 10, [1]))
        monday, tuesday = date(2026, 12, 7), date(2026, 12, 8)
        off_monday, off_tuesday = (
            part("availability", a_request(), a_candidate(week=uneven, time_off=((day, day),)))["given_hours"]
            for day in (monday, tuesday)
        )
        assert (off_monday, off_tuesday) == (260 - 16, 260 - 4)

    def test_time_off_on_free_days_costs_nothing(self) -> None:
        weekend = ((date(2026, 12, 5), date(2026, 12, 6)),)
        assert part("availability", a_request(), a_candidate(time_off=weekend))["score"] == 1

    def test_time_off_after_the_days_looked_at_costs_nothing(self) -> None:
        later = ((TUESDAY + timedelta(days=91), TUESDAY + timedelta(days=400)),)
        assert part("availability", a_request(), a_candidate(time_off=later))["score"] == 1

    def test_exactly_four_fifths_are_enough(self) -> None:
        week = a_request(start=date(2026, 12, 7), end=date(2026, 12, 11))
        one_day, two_days = (((date(2026, 12, 7), date(2026, 12, last)),) for last in (7, 8))
        assert part("availability", week, a_candidate(time_off=one_day))["score"] == 0.8
        out = kept_out(week, a_candidate(time_off=two_days))
        assert out.code == "away"
        assert out.sentence == (
            "Anna can be there for 12 of the 20 hours asked for until 11 Dec 2026; 80 % are the least."
        )

    def test_nobody_is_there_on_days_on_which_they_never_work(self) -> None:
        weekend = a_request(start=date(2026, 12, 5), end=date(2026, 12, 6))
        assert kept_out(weekend, a_candidate()).sentence == "Anna works on none of the days asked for."
        assert part("availability", weekend, a_candidate(week=a_week(9, 17, [5])))["score"] == 1


class TestRating:
    def test_five_stars_once_never_beat_four_point_nine_two_hundred_times(self) -> None:
        once = part("rating", a_request(), a_candidate(stars=[5]))
        often = part("rating", a_request(), a_candidate(stars=[5] * 180 + [4] * 20))
        assert once["score"] < often["score"]
        assert (once["counted_as"], often["counted_as"]) == (3.75, 4.865854)

    def test_the_same_rating_counts_more_with_more_reviews(self) -> None:
        scores = [part("rating", a_request(), a_candidate(stars=[5] * many))["score"] for many in (0, 1, 2, 10, 500)]
        assert scores == sorted(set(scores))

    def test_no_reviews_are_neither_praise_nor_blame(self) -> None:
        found = part("rating", a_request(), a_candidate())
        assert (found["score"], found["reviews_count"]) == (0.625, 0)
        assert found["reasons"] == ["No reviews yet, counted as 3.5 of 5 stars."]
        assert part("rating", a_request(), a_candidate(stars=[1]))["score"] < found["score"]


class TestLoad:
    def test_of_equals_the_one_with_less_work_comes_first(self) -> None:
        busy = a_candidate(id=UUID(int=1), bookings=(a_booking("10"),))
        free = a_candidate(id=UUID(int=2), bookings=(a_booking("5"),))
        assert [found.id.int for found in rank(a_request(), [busy, free], NO_KIN, 5)] == [2, 1]

    def test_it_counts_where_the_most_is_taken(self) -> None:
        bookings = (
            a_booking("4"),
            a_booking("6", date(2026, 12, 10), date(2026, 12, 20)),
            a_booking("10", date(2026, 12, 15), date(2026, 12, 15)),
            a_booking("16", date(2026, 12, 21), date(2027, 1, 31)),
        )
        assert part("load", a_request(), a_candidate(bookings=bookings))["score"] == 0.5
        short = a_request(end=date(2026, 12, 14))
        assert part("load", short, a_candidate(bookings=bookings))["reserved_hours"] == 10


class TestLimits:
    @pytest.mark.parametrize(
        ("code", "wanted", "values", "sentence"),
        [
            ("archived", {}, {"is_archived": True}, "Anna takes no more work."),
            (
                "skills", {"skills": (a_skill("Welding"),)}, {},
                "Anna has none of the skills asked for, nor one like them.",
            ),
            ("currency", {"currency": "USD"}, {}, "Anna works for EUR, not for USD."),
            (
                "rate", {"max_rate": Decimal("29.99")}, {},
                "Anna asks for 30.00 EUR an hour, and 29.99 are the most.",
            ),
            ("start", {}, {"available_from": date(2026, 12, 2)}, "Anna is not available before 2 Dec 2026."),
            (
                "hours", {}, {"bookings": (a_booking("20.01"),)},
                "Anna has 19.99 of 40 hours a week left in that time, and 20 are asked for.",
            ),
        ],
    )  # fmt: skip
    def test_each_keeps_out_and_says_why(
        self, code: str, wanted: dict[str, Any], values: dict[str, Any], sentence: str
    ) -> None:
        assert kept_out(a_request(**wanted), a_candidate(**values)) == Excluded(code, sentence)

    @pytest.mark.parametrize(
        ("wanted", "values"),
        [
            ({"max_rate": Decimal("30.00")}, {}),
            ({"currency": "EUR"}, {}),
            ({"max_rate": Decimal(30)}, {"currency": "USD"}),
            ({}, {"available_from": TUESDAY}),
            ({}, {"bookings": (a_booking("20.00"),)}),
            ({"end": date(2026, 12, 31)}, {"bookings": (a_booking("40", date(2027, 1, 1)),)}),
            ({}, {"bookings": (a_booking("40", ends=TUESDAY - timedelta(days=1)),)}),
        ],
    )
    def test_whoever_just_keeps_them_is_let_in(self, wanted: dict[str, Any], values: dict[str, Any]) -> None:
        scored(a_request(**wanted), a_candidate(**values))

    @pytest.mark.parametrize(
        "booking",
        [a_booking("40", ends=TUESDAY), a_booking("40", date(2026, 12, 31)), a_booking("40", TUESDAY, TUESDAY)],
    )
    def test_what_is_reserved_on_the_first_or_the_last_day_counts(self, booking: Booking) -> None:
        others = (a_booking("1", date(2026, 12, 10), date(2026, 12, 11)),)
        wanted = a_request(end=date(2026, 12, 31))
        for bookings in ((booking,), (booking, *others)):
            assert kept_out(wanted, a_candidate(bookings=bookings)).code == "hours"

    def test_work_reserved_in_the_far_future_counts_for_a_request_without_an_end(self) -> None:
        later = a_candidate(bookings=(a_booking("30", date(2031, 5, 1), date(2031, 5, 1)),))
        assert kept_out(a_request(), later).code == "hours"
        scored(a_request(end=date(2031, 4, 30)), later)

    def test_all_that_are_broken_are_told_the_first_one_alone_by_judge(self) -> None:
        wanted = a_request(hours="41", max_rate=Decimal(10), currency="USD")
        candidate = a_candidate(available_from=date(2027, 1, 1))
        codes = [limit.code for limit in limits_of(wanted, candidate, NO_KIN)]
        assert codes == ["currency", "rate", "start", "hours"]
        assert kept_out(wanted, candidate).code == "currency"
        assert limits_of(a_request(), a_candidate(), NO_KIN) == []


class TestOrder:
    def test_equal_scores_are_ordered_by_rating_and_then_by_id(self) -> None:
        def one(number: int, rating: str | None) -> Candidate:
            return a_candidate(id=UUID(int=number), rating=Decimal(rating) if rating else None)

        people = [one(1, None), one(2, "4.10"), one(3, "4.90"), one(4, None), one(5, "4.10")]
        for given in (people, people[::-1]):
            assert [found.id.int for found in rank(a_request(), given, NO_KIN, 9)] == [3, 2, 5, 1, 4]

    def test_no_more_than_asked_for_are_found(self) -> None:
        people = [a_candidate(id=UUID(int=number)) for number in range(9)]
        assert [found.id.int for found in rank(a_request(), people, NO_KIN, 3)] == [0, 1, 2]
        assert rank(a_request(), [], NO_KIN, 3) == []


class TestNonsense:
    """Schemas refuse all of this; even so it finds nobody rather than failing."""

    @pytest.mark.parametrize(
        "wanted",
        [
            a_request(skills=()),
            a_request(skills=(WantedSkill("?", None, "?"),)),
            a_request(hours="1e30"),
            a_request(hours="168.01"),
            a_request(end=TUESDAY - timedelta(days=1)),
            a_request(end=TUESDAY - timedelta(days=500)),
            a_request(max_rate=Decimal(-1)),
        ],
    )
    def test_it_finds_nobody(self, wanted: Wanted) -> None:
        assert isinstance(judge(wanted, a_candidate(), NO_KIN), Excluded)

    @pytest.mark.parametrize("start", [date(1970, 1, 1), date(2199, 12, 31)])
    def test_the_first_and_the_last_day_that_are_taken_can_be_worked_out(self, start: date) -> None:
        scored(a_request(start=start, zone="Pacific/Kiritimati"), a_candidate(zone="Pacific/Pago_Pago"))

    def test_somebody_without_hours_is_kept_out(self) -> None:
        assert kept_out(a_request(hours="0.01"), a_candidate(weekly_hours=Decimal(0))).code == "hours"

    def test_every_explanation_can_be_written_as_json(self) -> None:
        said = scored(a_request(zone="UTC", max_rate=Decimal("1e2")), a_candidate(rate=Decimal("3E+1"))).explanation
        assert json.loads(json.dumps(said, allow_nan=False)) == said
        assert (said["rate"]["hourly_rate"], said["rate"]["max_hourly_rate"]) == ("30.00", "100.00")
