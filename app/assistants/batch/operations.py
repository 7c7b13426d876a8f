"""Open requests and free people, put together by staff at one go: looked at first, then applied or discarded."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.assistants.batch.figures import figures, told, unfilled
from app.assistants.batch.problem import Pair, Problem, Work, Worker
from app.assistants.batch.solving import Solution, solve
from app.assistants.batch.steps import ASSIGNMENT
from app.assistants.engagements.operations import accept_match
from app.assistants.matching.facts import Candidate, Wanted
from app.assistants.matching.finding import find
from app.assistants.matching.index import everybody, own_ask
from app.assistants.matching.reading import read_people
from app.assistants.matching.scoring import Scored, judge
from app.assistants.models import BatchAssignment, Match, MatchRequest
from app.assistants.requests.operations import kinship_of, wanted_of
from app.core.audit import Actor, audit_as
from app.core.chunks import chunked
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound
from app.core.steps import Step, lock_all
from app.extensions import db

MOST_REQUESTS = 200
PEOPLE_EACH = 50
"""How many people are considered for each request: the best ones."""
_AT_ONCE = 10


class NothingToAssign(Invalid):
    at, wrong = "/requests", "none"
    says = "Choose at least one open request."


class TooManyRequests(Invalid):
    code, at, wrong = "too-many-requests-at-once", "/requests", "too_many"
    says = f"Choose {MOST_REQUESTS} requests at most."


class Stale(Conflict):
    """What the assignment was made from has changed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} Nothing was applied. Make the assignment anew.")


class NothingFound(Conflict):
    says = "Nobody was found for any of these requests, so there is nothing to apply."


def open_requests(limit: int = MOST_REQUESTS) -> Sequence[MatchRequest]:
    """Those that wait, the longest waiting first."""
    waiting = select(MatchRequest).where(MatchRequest.status == "open").options(joinedload(MatchRequest.client))
    return db.session.scalars(waiting.order_by(MatchRequest.created_at, MatchRequest.id).limit(limit)).all()


def number_of_open_requests() -> int:
    return db.session.scalar(select(func.count()).where(MatchRequest.status == "open")) or 0


def latest() -> Sequence[BatchAssignment]:
    newest = select(BatchAssignment).order_by(BatchAssignment.created_at.desc(), BatchAssignment.id.desc())
    return db.session.scalars(newest.limit(10)).all()


def get_assignment(assignment_id: UUID) -> BatchAssignment:
    found = db.session.get(BatchAssignment, assignment_id)
    if found is None:
        raise NotFound("There is no such assignment.")
    return found


def preview(request_ids: Iterable[UUID], dial: Decimal, *, actor: Actor) -> BatchAssignment:
    """Work out the best assignment of those requests and keep it to be looked at. Nothing else changes.

    `dial` from 0 (the best fit alone) to 1 (fairness alone).
    """
    ids = list(dict.fromkeys(request_ids))
    if len(ids) > MOST_REQUESTS:
        raise TooManyRequests
    waiting = select(MatchRequest).where(MatchRequest.id.in_(ids), MatchRequest.status == "open")
    requests = db.session.scalars(waiting.options(joinedload(MatchRequest.client)).order_by(MatchRequest.id)).all()
    if not requests:
        raise NothingToAssign
    scored = _candidates(requests)
    people = {one.id: one.candidate for found in scored.values() for one in found}
    works = {request.id: _work(wanted_of(request)) for request in requests}
    solutions = _solutions(scored, works, people, float(dial))
    chosen = solutions[float(dial)]
    audit_as(db.session, actor=actor, action="preview")
    assignment = BatchAssignment(
        made_by_id=actor.id,
        fairness=dial,
        params={"requests": {str(request.id): request.version for request in requests}},
        figures={
            "requests": len(requests),
            "chosen": figures(chosen, works, people),
            "best_fit": figures(solutions[0.0], works, people),
            "fairest": figures(solutions[1.0], works, people),
            "unfilled": unfilled(requests, chosen, scored),
        },
        pairs=told(chosen, requests, people),
    )
    db.session.add(assignment)
    db.session.flush()
    return assignment


def _solutions(
    scored: Mapping[UUID, Sequence[Scored]], works: Mapping[UUID, Work], people: Mapping[UUID, Candidate], dial: float
) -> dict[float, Solution]:
    """The best assignment at the dial, and at both of its ends to compare with."""
    pairs = [_pair(key, one, works[key]) for key, found in scored.items() for one in found]
    workers = {key: _worker(person) for key, person in people.items()}
    return {each: solve(Problem(works, workers, pairs, each)) for each in {0.0, dial, 1.0}}


def _found_nobody(assignment: BatchAssignment) -> Conflict | None:
    return None if assignment.pairs else NothingFound()


@ASSIGNMENT.does("apply", unless=_found_nobody)
def apply(assignment: BatchAssignment, *, actor: Actor) -> BatchAssignment:
    """Accept every pair, or none: the requests are locked first, all of them, and everything is worked out once more.

    Raises Stale where anything has moved since the preview, Conflict where hours have just been taken.
    """
    assignment = ASSIGNMENT.locked(assignment, "apply", actor=actor)
    asked = [UUID(pair["request_id"]) for pair in assignment.pairs]
    requests = {request.id: request for request in lock_all(MatchRequest, asked)}
    _require_unchanged(assignment, requests)
    matches = {match.request_id: match for match in _matches(assignment, requests, actor)}
    for pair in sorted(assignment.pairs, key=lambda pair: str(pair["assistant_id"])):
        accept_match(matches[UUID(pair["request_id"])], actor=actor)
    _decide(assignment, ASSIGNMENT["apply"], actor)
    return assignment


@ASSIGNMENT.does("discard")
def discard(assignment: BatchAssignment, *, actor: Actor) -> BatchAssignment:
    assignment = ASSIGNMENT.locked(assignment, "discard", actor=actor)
    _decide(assignment, ASSIGNMENT["discard"], actor)
    return assignment


def _decide(assignment: BatchAssignment, step: Step, actor: Actor) -> None:
    audit_as(db.session, actor=actor, action=step.action)
    assignment.status = step.target
    assignment.decided_at = now()
    db.session.flush()


def _candidates(requests: Sequence[MatchRequest]) -> dict[UUID, list[Scored]]:
    """The best people for each request, without those with whom it has been decided already."""
    decided = _decided([request.id for request in requests])
    found: dict[UUID, list[Scored]] = {}
    for some in chunked(requests, _AT_ONCE):
        asked = [(request.id, wanted_of(request)) for request in some]
        kin = {key: kinship_of(wanted) for key, wanted in asked}
        with everybody() as people:
            for key, wanted in asked:
                out = decided.get(key, set())
                best = find(wanted, people, kin[key], PEOPLE_EACH + len(out)).best
                found[key] = [one for one in best if one.id not in out][:PEOPLE_EACH]
    return found


def _decided(ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    """By request, the people whose proposal was declined or withdrawn."""
    found: dict[UUID, set[UUID]] = {}
    said = select(Match.request_id, Match.assistant_id).where(Match.request_id.in_(ids), Match.status != "proposed")
    for request_id, assistant_id in db.session.execute(said):
        found.setdefault(request_id, set()).add(assistant_id)
    return found


def _pair(request_id: UUID, scored: Scored, work: Work) -> Pair:
    free = next(part.score for part in scored.parts if part.key == "load")
    return Pair(request_id, scored.id, scored.score, max(free - work.hours / float(scored.candidate.weekly_hours), 0.0))


def _work(wanted: Wanted) -> Work:
    return Work(float(wanted.hours_per_week), wanted.start, wanted.end)


def _worker(person: Candidate) -> Worker:
    taken = tuple(Work(float(booking.hours), booking.starts, booking.ends) for booking in person.bookings)
    return Worker(float(person.weekly_hours), taken)


def _require_unchanged(assignment: BatchAssignment, requests: Mapping[UUID, MatchRequest]) -> None:
    """Each request is as it was and still open, and each person scores what was shown."""
    people = {person.id: person.candidate() for person in read_people(own_ask(), _assistants_of(assignment))}
    for pair in assignment.pairs:
        request = requests.get(UUID(pair["request_id"]))
        if request is None or request.status != "open":
            raise Stale(f"The request of {pair['company']} is not open any more.")
        if request.version != assignment.params["requests"][pair["request_id"]]:
            raise Stale(f"The request of {pair['company']} has changed.")
        wanted = wanted_of(request)
        person = people.get(UUID(pair["assistant_id"]))
        answer = judge(wanted, person, kinship_of(wanted)) if person is not None else None
        if not isinstance(answer, Scored) or abs(answer.score - pair["score"]) > 1e-9:
            raise Stale(f"Something has changed about {pair['name']}.")


def _assistants_of(assignment: BatchAssignment) -> list[UUID]:
    return list({UUID(pair["assistant_id"]) for pair in assignment.pairs})


def _matches(assignment: BatchAssignment, requests: Mapping[UUID, MatchRequest], actor: Actor) -> list[Match]:
    """The proposals of the pairs, locked; those that are missing are made."""
    locked = select(Match).where(Match.request_id.in_(requests)).order_by(Match.id).with_for_update()
    known: dict[tuple[UUID, UUID], Match] = {}
    places: dict[UUID, int] = {}
    for match in db.session.scalars(locked.execution_options(populate_existing=True)):
        known[match.request_id, match.assistant_id] = match
        places[match.request_id] = max(places.get(match.request_id, 0), match.place)
    people = {person.id: person.candidate() for person in read_people(own_ask(), _assistants_of(assignment))}
    found = []
    audit_as(db.session, actor=actor, action="assign")
    for pair in assignment.pairs:
        request, person = requests[UUID(pair["request_id"])], people[UUID(pair["assistant_id"])]
        proposed = known.get((request.id, person.id))
        if proposed is not None and proposed.status != "proposed":
            raise Stale(f"It has been decided about {pair['name']} and {pair['company']} in the meantime.")
        found.append(proposed or _new_match(request, person, places.get(request.id, 0) + 1))
    db.session.flush()
    return found


def _new_match(request: MatchRequest, person: Candidate, place: int) -> Match:
    wanted = wanted_of(request)
    scored = judge(wanted, person, kinship_of(wanted))
    assert isinstance(scored, Scored)
    match = Match(
        request_id=request.id,
        client_id=request.client_id,
        assistant_id=person.id,
        place=place,
        score=scored.score,
        explanation=scored.explanation,
        hours_per_week=request.hours_per_week,
        hourly_rate=person.rate,
        currency=person.currency,
        starts_on=wanted.start,
        ends_on=request.end_date,
    )
    db.session.add(match)
    return match
