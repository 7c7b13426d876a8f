"""What change of a request would help, and what kept somebody out."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.matching.scoring import Scored, judge, rank
from app.assistants.matching.whatif import Find, WhatIf, effect_of, if_rate_were, what_if
from app.assistants.matching.whynot import Proposed, WhyNot, why_not
from tests.factories.matching import NO_KIN, TUESDAY, a_booking, a_candidate, a_request, a_skill, a_week


def one(number: int, levels: dict[str, int] | None = None, **values: Any) -> Candidate:
    return a_candidate(levels, id=UUID(int=number), **{"name": f"No {number}"} | values)


def among(people: Sequence[Candidate], limit: int = 2) -> Find:
    return lambda wanted: rank(wanted, people, NO_KIN, limit)


def changes(wanted: Wanted, people: Sequence[Candidate], limit: int = 2) -> dict[str, WhatIf]:
    find = among(people, limit)
    return {answer.change.what: answer for answer in what_if(wanted, find(wanted), find, NO_KIN)}


class TestWhatIf:
    def test_the_nearest_rate_that_brings_somebody_is_told(self) -> None:
        people = [one(1, rate=Decimal(30)), one(2, rate=Decimal(52)), one(3, rate=Decimal(57))]
        told = changes(a_request(max_rate=Decimal(45)), people, limit=5)
        assert list(told) == ["rate"]
        assert told["rate"].change.wanted.max_rate == 55
        assert told["rate"].sentence == "At most 55.00 an hour instead of 45.00: 1 more person: No 2."

    @pytest.mark.parametrize(
        ("most", "rates"),
        [
            ("45", "50 55 60"), ("47.50", "50 55 60"), ("7.20", "8 9 10"), ("19.99", "20 21 22"), ("20", "25 30 35"),
            ("0", "1 2 3"), ("99.99", "100 105 110"), ("100", "110 120 130"), ("2500", "2600 2700 2800"),
        ],
    )  # fmt: skip
    def test_rates_go_up_by_what_people_round_them_to(self, most: str, rates: str) -> None:
        tried: list[Decimal | None] = []

        def find(wanted: Wanted) -> list[Scored]:
            tried.append(wanted.max_rate)
            return []

        what_if(a_request(max_rate=Decimal(most)), [], find, NO_KIN)
        assert [rate for rate in tried if rate != Decimal(most)] == [Decimal(rate) for rate in rates.split()]

    def test_fewer_hours_bring_who_has_few_left(self) -> None:
        told = changes(a_request(hours="20"), [one(1, bookings=(a_booking("28"),))])
        assert told["hours"].sentence == "10 hours a week instead of 20: 1 more person: No 1."

    def test_one_hour_is_not_made_less(self) -> None:
        assert "hours" not in changes(a_request(hours="1"), [one(1, weekly_hours=Decimal("0.5"))])

    def test_a_later_start_brings_who_is_not_free_yet(self) -> None:
        told = changes(a_request(), [one(1, available_from=date(2026, 12, 20))])
        assert told["start"].sentence == "From 29 Dec 2026, 4 weeks later: 1 more person: No 1."
        assert told["start"].shown()["to"] == "2026-12-29"

    def test_a_start_is_never_put_after_the_end(self) -> None:
        soon_over = a_request(end=date(2026, 12, 7))
        assert changes(soon_over, [one(1, available_from=date(2026, 12, 8))]) == {}

    def test_one_skill_less_brings_who_knows_the_others_better(self) -> None:
        people = [
            one(1, {"Excel": 1, "Welding": 1}), one(2, {"Excel": 2, "Welding": 1}), one(3, {"Excel": 5}),
        ]  # fmt: skip
        told = changes(a_request("Excel", "Welding"), people)
        assert told["skills"].sentence == "Without Welding: No 3, who fits better."
        assert told["skills"].shown()["to"] is None
        assert [skill.name for skill in told["skills"].change.wanted.skills] == ["Excel"]

    def test_wider_times_bring_who_works_at_others(self) -> None:
        mornings = a_request(zone="UTC", window=(8 * 60, 12 * 60))
        people = [one(1, {"Excel": 2}, week=a_week(8, 12)), one(2, {"Excel": 5}, week=a_week(12, 18))]
        told = changes(mornings, people, limit=1)
        assert told["times"].sentence == "At 06:00-14:00 instead of 08:00-12:00: No 2, who fits better."
        by_night = [people[0], one(2, {"Excel": 5}, week=a_week(20, 24))]
        told = changes(mornings, by_night, limit=1)
        assert told["times"].sentence == "At any time of the day: No 2, who fits better."
        assert told["times"].change.wanted.zone is None

    def test_a_window_that_grows_over_midnight_stays_one(self) -> None:
        def windows(begins: int, ends: int) -> list[tuple[int, int] | None]:
            tried: list[Wanted] = []
            wanted = a_request("Excel", hours="1", start=date(2199, 12, 31), zone="UTC", window=(begins, ends))
            what_if(wanted, [], lambda changed: tried.append(changed) or [], NO_KIN)
            return [changed.window for changed in tried if changed.start == wanted.start]

        assert windows(60, 300) == [(23 * 60, 420), None]
        assert windows(20 * 60, 23 * 60) == [(18 * 60, 60), None]
        assert windows(2 * 60, 22 * 60) == [None]

    def test_a_softer_yardstick_alone_is_no_better_answer(self) -> None:
        people = [one(1, rate=Decimal(44)), one(2, rate=Decimal(43))]
        assert changes(a_request(max_rate=Decimal(45)), people) == {}

    def test_somebody_new_who_is_hardly_better_is_not_worth_a_question(self) -> None:
        found = [one(1, rate=Decimal(20)), one(2, rate=Decimal(20))]
        hardly = one(3, stars=[5] * 3, rate=Decimal(46))
        assert "rate" not in changes(a_request(max_rate=Decimal(45)), [*found, hardly])
        expert = one(4, {"Excel": 5}, stars=[5] * 50, rate=Decimal(46))
        told = changes(a_request(max_rate=Decimal(45)), [*found, expert])
        assert told["rate"].sentence == "At most 55.00 an hour instead of 45.00: No 4, who fits better."

    def test_a_request_that_all_fit_has_nothing_to_change(self) -> None:
        assert changes(a_request(), [one(1), one(2)]) == {}
        assert changes(a_request(), []) == {}

    def test_any_change_can_be_asked_about(self) -> None:
        people = [one(1), one(2, rate=Decimal(48))]
        wanted, find = a_request(max_rate=Decimal(45)), among(people)
        effect = effect_of(replace(wanted, max_rate=Decimal(50)), find(wanted), find, NO_KIN)
        assert (effect.more, [scored.id.int for scored in effect.newcomers], effect.matters) == (1, [2], True)
        stricter = effect_of(replace(wanted, max_rate=Decimal(20)), find(wanted), find, NO_KIN)
        assert (stricter.more, stricter.matters, str(stricter)) == (-1, False, "1 person fewer")

    @pytest.mark.parametrize(
        ("rate", "said"),
        [
            ("50", "nobody else"),
            ("55", "No 3, who fits hardly better"),
            ("45", "nobody else"),
            ("20", "2 people fewer"),
        ],
    )
    def test_what_another_rate_would_bring_can_be_asked_even_if_it_does_not_matter(self, rate: str, said: str) -> None:
        people = [one(1), one(2), one(3, {"Excel": 5}, rate=Decimal(52), stars=[5] * 15)]
        wanted, find = a_request(max_rate=Decimal(45)), among(people)
        answer = if_rate_were(wanted, Decimal(rate), find(wanted), find, NO_KIN)
        assert answer.sentence == f"At most {rate}.00 an hour instead of 45.00: {said}."

    def test_many_newcomers_are_counted_rather_than_named(self) -> None:
        people = [one(number, rate=Decimal(48)) for number in range(1, 6)]
        told = changes(a_request(max_rate=Decimal(45)), people, limit=5)
        assert told["rate"].sentence.endswith("5 more people: No 1, No 2, No 3 and 2 others.")
        assert len(told["rate"].shown()["people"]) == 5

    def test_it_looks_eleven_times_at_the_most_and_is_ready_for_json(self) -> None:
        looks = 0
        people = [one(1, {"Excel": 3, "Welding": 3}, rate=Decimal(48))]

        def find(wanted: Wanted) -> list[Scored]:
            nonlocal looks
            looks += 1
            return []

        wanted = a_request("Excel", "Welding", "Design", zone="UTC", max_rate=Decimal(45))
        assert what_if(wanted, [], find, NO_KIN) == []
        assert looks == 11
        shown = [answer.shown() for answer in what_if(wanted, [], among(people), NO_KIN)]
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown


class TestWhyNot:
    WANTED = a_request("Excel", max_rate=Decimal(45))

    def last(self, **values: Any) -> Proposed:
        answer = judge(self.WANTED, one(7, name="Bo", **{"levels": {"Excel": 3}} | values), NO_KIN)
        assert isinstance(answer, Scored)
        return Proposed.of(answer)

    def asked_about(self, last: Proposed | None, **values: Any) -> WhyNot:
        return why_not(self.WANTED, a_candidate(**values), NO_KIN, last)

    def test_every_limit_is_told(self) -> None:
        told = self.asked_about(self.last(), rate=Decimal(50), available_from=date(2027, 1, 1))
        assert [limit.code for limit in told.limits] == ["rate", "start"]
        assert told.sentence == (
            "Anna asks for 50.00 EUR an hour, and 45.00 are the most. Anna is not available before 1 Jan 2027."
        )
        assert told.shown()["limits"][0]["code"] == "rate"
        assert (told.scored, told.shown()["score"], told.shown()["parts"]) == (None, None, [])

    def test_a_lower_score_is_compared_part_by_part(self) -> None:
        told = why_not(self.WANTED, a_candidate({"Excel": 1}, rate=Decimal(36)), NO_KIN, self.last())
        assert told.scored is not None
        assert told.last is not None
        assert sum(row.loss for row in told.parts) == pytest.approx(told.last.score - told.scored.score, abs=1e-9)
        losses = {row.part: row.loss for row in told.parts if row.loss}
        assert losses == pytest.approx({"skills": 0.08, "rate": 0.04}, abs=1e-6)
        assert told.sentence == (
            "Anna scores 0.694; Bo, the last of the proposed, 0.814. Most is lost by skills (0.080) and rate (0.040)."
        )

    def test_of_equal_scores_rating_and_then_joining_decide(self) -> None:
        rated = replace(self.last(), rating=Decimal("4.00"))
        assert self.asked_about(rated, id=UUID(int=9)).sentence.endswith("like Bo, who comes first by rating.")
        assert self.asked_about(self.last(), id=UUID(int=9)).sentence.endswith("comes first by time of joining.")

    def test_whoever_has_become_better_is_said_to_be(self) -> None:
        told = why_not(self.WANTED, a_candidate({"Excel": 5}), NO_KIN, self.last())
        assert "would be proposed now: something has changed since" in told.sentence

    def test_without_proposals_there_is_nobody_to_compare_with(self) -> None:
        told = self.asked_about(None)
        assert told.sentence == "Anna fits, and would be proposed now."
        assert (told.parts, told.limits, told.shown()["last_score"]) == ((), (), None)

    def test_it_is_ready_for_json(self) -> None:
        shown = self.asked_about(self.last(), id=UUID(int=9)).shown()
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown
        assert [row["part"] for row in shown["parts"]] == [
            "skills", "rate", "overlap", "availability", "rating", "load",
        ]  # fmt: skip

    def test_skills_that_nobody_knows_keep_everybody_out(self) -> None:
        unknown = replace(self.WANTED, skills=(a_skill("qa-skill-ab12", known=False),), start=TUESDAY)
        assert why_not(unknown, a_candidate(), NO_KIN, None).limits[0].code == "skills"
