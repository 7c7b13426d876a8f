"""What is so for every request and every candidate, checked on random ones by other means than matching's own."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistants.matching.facts import WEEKDAYS, Booking, Candidate, Slot, Wanted
from app.assistants.matching.limits import Excluded
from app.assistants.matching.scoring import Scored, judge, limits_of, rank
from app.assistants.matching.weights import WEIGHTS
from app.core.fitting.skills import Kinship
from tests.factories.matching import TUESDAY, a_skill, kinship_of, skill_id

NAMES = ("Excel", "Bookkeeping", "DATEV", "Lexware", "Design", "Python")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")
AHEAD = 13 * 7

names = st.sampled_from(NAMES)
zones = st.sampled_from(ZONES)
levels = st.dictionaries(names, st.integers(1, 5), min_size=2)
days = st.integers(-40, 200).map(lambda number: TUESDAY + timedelta(days=number))
rates = st.integers(0, 12_000).map(lambda cents: Decimal(cents) / 100)
minutes = st.integers(0, 23 * 4).map(lambda quarter: quarter * 15)


def mostly(value: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from((value,) * 9 + (not value,))


def hours_to(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, 4 * most).map(lambda quarters: Decimal(quarters) / 4)


def kinships() -> st.SearchStrategy[Kinship]:
    return st.sampled_from(
        [
            Kinship(),
            kinship_of(DATEV=("Lexware", 0.6), Excel=("Python", 0.3)),
            kinship_of(DATEV=("Bookkeeping", 0.9), Bookkeeping=("DATEV", 0.5), Design=("Excel", 0.3)),
        ]
    )


@st.composite
def requests(draw: st.DrawFn) -> Wanted:
    start = draw(days)
    asked = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    return Wanted(
        skills=tuple(a_skill(name, known=draw(mostly(True))) for name in asked),
        hours_per_week=draw(hours_to(25)),
        start=start,
        end=draw(st.none() | st.integers(0, 150).map(lambda length: start + timedelta(days=length))),
        max_rate=draw(st.none() | rates),
        currency=draw(st.sampled_from((None, None, "EUR"))),
        zone=draw(st.none() | zones),
        window=draw(st.none() | st.tuples(minutes, minutes)),
        weekdays=tuple(draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))),
    )


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    begins = draw(minutes)
    return Slot(draw(st.integers(0, 6)), begins, begins + draw(st.integers(1, 48)) * 30)


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    starts = draw(days)
    ends = draw(st.none() | st.integers(0, 100).map(lambda length: starts + timedelta(days=length)))
    return Booking(starts, ends, draw(hours_to(10)))


@st.composite
def time_off(draw: st.DrawFn) -> tuple[tuple[date, date], ...]:
    """Spells that don't overlap one another."""
    edges = sorted(draw(st.lists(days, max_size=6, unique=True)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    stars = draw(st.lists(st.integers(1, 5), max_size=8))
    return Candidate(
        id=UUID(int=draw(st.integers(0, 2**64))),
        name="Anna",
        rate=draw(rates) / 2,
        currency=draw(st.sampled_from(("EUR", "EUR", "EUR", "USD"))),
        zone=draw(zones),
        weekly_hours=draw(hours_to(60)) + 10,
        week=tuple(draw(st.lists(slots(), max_size=5))),
        available_from=draw(st.sampled_from((None, None, None, TUESDAY, TUESDAY + timedelta(days=60)))),
        levels={skill_id(name): level for name, level in draw(levels).items()},
        time_off=draw(time_off()),
        bookings=tuple(draw(st.lists(bookings(), max_size=3))),
        rating_sum=sum(stars),
        reviews_count=len(stars),
        rating=round(Decimal(sum(stars)) / len(stars), 2) if stars else None,
        is_archived=not draw(mostly(True)),
    )


@settings(max_examples=200)
@given(wanted=requests(), candidate=candidates(), kinship=kinships())
def test_a_score_follows_from_the_parts_that_are_shown(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> None:
    answer = judge(wanted, candidate, kinship)
    if isinstance(answer, Scored):
        shown = json.loads(json.dumps(answer.explanation, allow_nan=False))
        assert list(shown) == list(WEIGHTS)
        assert abs(sum(part["score"] * part["weight"] for part in shown.values()) - answer.score) <= 1e-9
        assert all(0 <= part["score"] <= 1 and part["reasons"] for part in shown.values())
        assert 0 <= answer.score <= 1


@settings(max_examples=200)
@given(wanted=requests(), candidate=candidates(), kinship=kinships())
def test_limits_are_what_looking_at_every_single_day_finds(
    wanted: Wanted, candidate: Candidate, kinship: Kinship
) -> None:
    codes = {limit.code for limit in limits_of(wanted, candidate, kinship)}
    assert codes == _codes_by_hand(wanted, candidate, kinship)
    assert isinstance(judge(wanted, candidate, kinship), Excluded) == bool(codes)


def _codes_by_hand(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> set[str]:
    asked = {skill.skill_id for skill in wanted.skills if skill.skill_id}
    like = asked.union(*(kinship.closeness.get(skill, {}) for skill in asked))
    furthest = max([wanted.start, *(b.starts for b in candidate.bookings)])
    taken = [
        sum(b.hours for b in candidate.bookings if b.starts <= day and (b.ends is None or day <= b.ends))
        for day in _days(wanted.start, wanted.end or furthest)
    ]
    broken = {
        "archived": candidate.is_archived,
        "skills": not like & candidate.levels.keys(),
        "currency": wanted.currency not in {None, candidate.currency},
        "rate": wanted.max_rate is not None and candidate.rate > wanted.max_rate,
        "start": candidate.available_from is not None and candidate.available_from > wanted.start,
        "hours": candidate.weekly_hours - max(taken) < wanted.hours_per_week,
        "away": _given_by_hand(wanted, candidate) < Decimal("0.8"),
    }
    return {code for code, is_broken in broken.items() if is_broken}


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _given_by_hand(wanted: Wanted, candidate: Candidate) -> Decimal:
    worked = [sum(slot.ends - slot.begins for slot in candidate.week if slot.weekday == day) for day in range(7)]
    worked = worked if any(worked) else [1, 1, 1, 1, 1, 0, 0]
    furthest = wanted.start + timedelta(days=AHEAD - 1)
    looked_at = _days(wanted.start, min(wanted.end or furthest, furthest))
    off = {day for first, last in candidate.time_off for day in _days(first, last)}
    asked = sum(worked[day.weekday()] for day in looked_at)
    given = sum(worked[day.weekday()] for day in looked_at if day not in off)
    return Decimal(given) / asked if asked else Decimal(0)


@settings(max_examples=50)
@given(
    wanted=requests(),
    people=st.lists(candidates(), max_size=12, unique_by=lambda one: one.id),
    kinship=kinships(),
    random=st.randoms(),
)
def test_the_order_of_the_candidates_does_not_matter(
    wanted: Wanted, people: list[Candidate], kinship: Kinship, random: Random
) -> None:
    found = [(one.id, one.score) for one in rank(wanted, people, kinship, 5)]
    shuffled = [replace(one, levels=dict(random.sample(list(one.levels.items()), len(one.levels)))) for one in people]
    random.shuffle(shuffled)
    assert [(one.id, one.score) for one in rank(wanted, shuffled, kinship, 5)] == found
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def _score(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> float:
    """The score; whoever is kept out is below everybody."""
    answer = judge(wanted, candidate, kinship)
    return answer.score if isinstance(answer, Scored) else -1.0


@settings(max_examples=100)
@given(wanted=requests(), candidate=candidates(), kinship=kinships(), booking=bookings(), name=names)
def test_what_is_better_never_scores_lower(
    wanted: Wanted, candidate: Candidate, kinship: Kinship, booking: Booking, name: str
) -> None:
    score = _score(wanted, candidate, kinship)
    level = min(candidate.levels.get(skill_id(name), 0) + 1, 5)
    better = (
        replace(candidate, rate=candidate.rate / 2),
        replace(candidate, levels={**candidate.levels, skill_id(name): level}),
        replace(candidate, time_off=()),
        replace(candidate, bookings=()),
        replace(candidate, is_archived=False),
        replace(candidate, available_from=None),
        replace(candidate, rating_sum=candidate.rating_sum + 5, reviews_count=candidate.reviews_count + 1),
    )
    assert all(_score(wanted, one, kinship) >= score for one in better)
    assert _score(wanted, replace(candidate, bookings=(*candidate.bookings, booking)), kinship) <= score


@settings(max_examples=100)
@given(wanted=requests(), candidate=candidates(), kinship=kinships())
def test_asking_for_less_never_keeps_more_people_out(wanted: Wanted, candidate: Candidate, kinship: Kinship) -> None:
    if isinstance(judge(wanted, candidate, kinship), Scored):
        for easier in (
            replace(wanted, max_rate=None),
            replace(wanted, max_rate=wanted.max_rate and wanted.max_rate + 1),
            replace(wanted, hours_per_week=wanted.hours_per_week / 2),
            replace(wanted, currency=None),
            replace(wanted, zone=None),
        ):
            assert isinstance(judge(easier, candidate, kinship), Scored)
