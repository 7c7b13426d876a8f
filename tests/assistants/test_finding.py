"""What is found fast is what judging everybody finds."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest

from app.assistants.matching.facts import WEEKDAYS, Booking, Slot, Wanted
from app.assistants.matching.finding import find
from app.assistants.matching.people import People
from app.assistants.matching.reading import Person
from app.assistants.matching.scoring import rank
from app.core.clock import today
from app.core.fitting.skills import Kinship, WantedSkill

SKILLS = tuple(UUID(int=(7 << 76) + number) for number in range(1, 25))
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "UTC", "Asia/Manila", "Mars/Base")
CURRENCIES = ("EUR", "USD", "GBP")
REQUESTS = 1000


def whole(random: Random, least: int, most: int) -> Decimal:
    return Decimal(random.randint(least, most))


def random_week(random: Random) -> tuple[Slot, ...]:
    if random.random() < 0.15:
        return ()
    begins = random.choice([0, 6 * 60, 8 * 60 + 30, 9 * 60, 13 * 60, 22 * 60])
    length = random.choice([4, 6, 8, 9]) * 60
    days = random.sample(range(7), random.randint(2, 6))
    return tuple(Slot(day, begins, begins + length) for day in sorted(days))


def random_bookings(random: Random) -> tuple[Booking, ...]:
    made = []
    for _ in range(random.choice([0, 0, 0, 1, 2, 3])):
        starts = today() + timedelta(days=random.randint(-60, 90))
        ends = None if random.random() < 0.5 else starts + timedelta(days=random.randint(0, 120))
        made.append(Booking(starts, ends, whole(random, 2, 15)))
    return tuple(made)


def random_time_off(random: Random) -> tuple[tuple[date, date], ...]:
    first = today() + timedelta(days=random.randint(-5, 60))
    return ((first, first + timedelta(days=random.randint(0, 25))),) if random.random() < 0.25 else ()


def random_person(random: Random, number: int) -> Person:
    skills = tuple(sorted(random.sample(SKILLS, random.randint(0, 5))))
    reviews = random.choice([0, 0, 1, 3, 20, 200])
    stars = sum(random.randint(3, 5) for _ in range(reviews))
    rating = round(Decimal(stars) / reviews, 2) if reviews else None
    # Few values of each, so that many people are equal but for the id.
    return Person(
        id=UUID(int=(random.getrandbits(48) << 80) + number),
        name=f"Somebody {number}",
        rate=whole(random, 2, 12) * 5,
        currency=random.choice(CURRENCIES),
        zone=random.choice(ZONES),
        weekly_hours=whole(random, 2, 8) * 5,
        week=random_week(random),
        available_from=today() + timedelta(days=random.randint(0, 60)) if random.random() < 0.2 else None,
        rating_sum=stars,
        reviews_count=reviews,
        rating=rating,
        is_archived=False,
        skills=skills,
        levels=bytes(random.randint(1, 5) for _ in skills),
        time_off=random_time_off(random),
        bookings=random_bookings(random),
    )


def random_kinship(random: Random) -> Kinship:
    closeness = {
        skill: {other: random.choice([0.2, 0.5, 0.9]) for other in random.sample(SKILLS, 3) if other != skill}
        for skill in SKILLS
        if random.random() < 0.7
    }
    return Kinship(closeness, {skill: f"Skill {skill.int & 255}" for skill in SKILLS})


def random_request(random: Random) -> Wanted:
    unknown = [None] if random.random() < 0.1 else []
    asked: list[UUID | None] = [*random.sample(SKILLS, random.randint(1, 4)), *unknown]
    start = today() + timedelta(days=random.randint(0, 250))
    zone = random.choice([None, *ZONES[:-1]])
    window = random.choice([None, (9 * 60, 12 * 60), (13 * 60, 18 * 60), (22 * 60, 4 * 60)]) if zone else None
    return Wanted(
        skills=tuple(WantedSkill(str(skill), skill, str(skill)) for skill in asked),
        hours_per_week=whole(random, 1, 30),
        start=start,
        end=start + timedelta(days=random.randint(0, 200)) if random.random() < 0.5 else None,
        max_rate=random.choice([None, Decimal(0), whole(random, 10, 60)]),
        currency=random.choice([None, None, *CURRENCIES, "CHF"]),
        zone=zone,
        window=window,
        weekdays=tuple(random.sample(WEEKDAYS, random.randint(1, 7))),
    )


@pytest.fixture(scope="module")
def crowd() -> tuple[list[Person], People]:
    random = Random(4)
    persons = [random_person(random, number) for number in range(100)]
    return persons, People(persons)


@pytest.fixture(scope="module")
def throng() -> People:
    random = Random(7)
    return People(random_person(random, number) for number in range(1000))


def answers(wanted, persons, people, kinship, limit):
    fast = find(wanted, people, kinship, limit)
    slow = rank(wanted, [person.candidate() for person in persons], kinship, limit)
    return [(one.id, one.score) for one in fast.best], [(one.id, one.score) for one in slow]


def test_a_thousand_random_requests_find_what_scoring_everybody_gives_to_the_order(crowd):
    persons, people = crowd
    random = Random(5)
    kinship = random_kinship(random)
    found = 0
    for _ in range(REQUESTS):
        wanted, limit = random_request(random), random.choice([1, 5, 50])
        fast, slow = answers(wanted, persons, people, kinship, limit)
        assert fast == slow, wanted
        found += len(slow)
    assert found > REQUESTS


def test_so_do_a_few_among_many(throng):
    random = Random(9)
    kinship = random_kinship(random)
    for _ in range(10):
        fast, slow = answers(random_request(random), filter(None, throng.persons), throng, kinship, 5)
        assert fast == slow


def test_the_same_holds_while_people_come_change_and_leave():
    random = Random(6)
    kinship = random_kinship(random)
    persons = {person.id: person for person in (random_person(random, number) for number in range(150))}
    people = People(persons.values())
    for number in range(300):
        if number % 3 == 0:
            new = random_person(random, 1000 + number)
            persons[new.id] = new
            people.put(new)
        elif number % 3 == 1:
            one = random.choice(list(persons.values()))
            fields = {name: getattr(one, name) for name in Person.__dataclass_fields__}
            other = random_person(random, 1)
            changed = random.sample(["rate", "week", "zone", "bookings", "time_off", "weekly_hours", "currency"], 2)
            fields |= {name: getattr(other, name) for name in changed}
            if random.random() < 0.5:
                fields |= {"skills": other.skills, "levels": other.levels}
            persons[one.id] = Person(**fields)
            people.put(persons[one.id])
        else:
            gone = random.choice(list(persons))
            del persons[gone]
            people.remove(gone)
        fast, slow = answers(random_request(random), persons.values(), people, kinship, 5)
        assert fast == slow
    assert len(people) == len(persons)


def test_people_who_are_equal_come_in_the_order_of_their_ids():
    one = random_person(Random(8), 1)
    fields = {name: getattr(one, name) for name in Person.__dataclass_fields__}
    fields |= {"skills": (SKILLS[0],), "levels": b"\x04", "bookings": (), "time_off": (), "available_from": None}
    twins = [Person(**fields | {"id": UUID(int=number)}) for number in (300, 2, 77, 150)]
    wanted = Wanted((WantedSkill("a", SKILLS[0], "a"),), Decimal(5), today())
    found = find(wanted, People(twins), Kinship(), 3)
    assert [one.id.int for one in found.best] == [2, 77, 150]
    assert found.considered == 4


def test_nobody_is_found_for_skills_that_nobody_knows(crowd):
    _, people = crowd
    wanted = Wanted((WantedSkill("falconry", None, "falconry"),), Decimal(5), today())
    assert find(wanted, people, Kinship(), 5).best == []
    assert find(wanted, People(), Kinship(), 5).best == []


def test_few_are_judged_of_a_crowd(throng, monkeypatch):
    judged = []
    exact = rank.__globals__["judge"]
    monkeypatch.setattr("app.assistants.matching.finding.judge", lambda *asked: judged.append(1) or exact(*asked))
    kinship = random_kinship(Random(5))
    wanted = Wanted(
        (WantedSkill("a", SKILLS[0], "a"), WantedSkill("b", SKILLS[1], "b")),
        Decimal(10),
        today() + timedelta(days=7),
        max_rate=Decimal(40),
        zone="Europe/Berlin",
    )
    found = find(wanted, throng, kinship, 5)
    assert len(found.best) == 5
    assert len(judged) < found.considered / 3
