"""What must hold when many do it at the same moment: on committed data, with threads, again and again."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from app.assistants.calendars.jobs import withdraw_proposals
from app.assistants.engagements import operations as engagements
from app.assistants.models import Assistant, Match, MatchRequest, Reservation, Review
from app.core.audit import SYSTEM, audit_as
from app.core.clock import now
from app.core.database_errors import explain
from app.core.errors import DomainError
from app.core.tenancy import as_system
from app.extensions import db
from app.jobs.models import jobs
from tests.factories import PASSWORD
from tests.factories.assistants import make_assistant
from tests.factories.engagements import make_match, make_request

ROUNDS = 5

pytestmark = pytest.mark.usefixtures("committed_db", "db_session")


def at_once(app, *acts):
    """Each act in a thread of its own, all begun together; what each gave, or the error that it is told as."""
    barrier = Barrier(len(acts))

    def run(act):
        with app.app_context(), as_system("a test"):
            barrier.wait()
            try:
                found = act()
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                told = error if isinstance(error, DomainError) else explain(error)
                if told is None:
                    raise
                return told
            else:
                return found
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def step(operation, match_id, **more):
    return lambda: operation(db.session.get(Match, match_id), actor=SYSTEM, **more).status


def refused(results):
    return [result for result in results if isinstance(result, DomainError)]


def fresh(record):
    db.session.rollback()
    db.session.refresh(record)
    return record


def test_a_hundred_accept_the_last_free_hours_and_one_gets_them(app, make_user):
    """Over the API, as each company would."""
    assistant = make_assistant(weekly_hours=30)
    user = make_user(role="client")
    matches = [make_match(request=make_request(client=user.client, hours=20), assistant=assistant) for _ in range(100)]
    paths = [f"/api/virtual-assistants/matches/{match.id}" for match in matches]
    token = app.test_client().post("/api/auth/login", json={"username": user.username, "password": PASSWORD}).json
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    db.session.rollback()

    def accept(path):
        with app.app_context():
            program = FlaskClient(app, Response)
            return program.patch(path, json={"status": "accepted"}, headers=headers).status_code

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(accept, paths))
    assert sorted(answers) == [200] + [409] * 99
    taken = db.session.scalars(select(Reservation).where(Reservation.assistant_id == assistant.id)).all()
    assert [row.hours_per_week for row in taken] == [20]
    assert fresh(assistant).available_hours == 10
    states = dict(db.session.execute(select(Match.status, func.count()).group_by(Match.status)).all())
    assert states == {"accepted": 1, "proposed": 99}


def test_two_accept_the_same_match_and_it_is_reserved_once(app):
    for _ in range(ROUNDS):
        match = make_match()
        results = at_once(app, *[step(engagements.accept_match, match.id)] * 2)
        assert len(refused(results)) == 1
        many = select(func.count()).select_from(Reservation).where(Reservation.match_id == match.id)
        assert db.session.scalar(many) == 1
        db.session.rollback()


def test_of_an_acceptance_and_a_refusal_one_counts(app):
    for _ in range(ROUNDS):
        match = make_match()
        results = at_once(
            app, step(engagements.accept_match, match.id), step(engagements.decline_match, match.id, note="No.")
        )
        assert len(refused(results)) == 1
        is_reserved = db.session.scalar(select(Reservation.id).where(Reservation.match_id == match.id)) is not None
        assert is_reserved == (fresh(match).status == "accepted")


def test_of_an_acceptance_and_a_closing_one_counts(app):
    for _ in range(ROUNDS):
        match = make_match()
        request_id = match.request_id

        def close(request_id=request_id):
            return engagements.close_request(db.session.get(MatchRequest, request_id), actor=SYSTEM).status

        at_once(app, step(engagements.accept_match, match.id), close)
        assert fresh(match).status in ("accepted", "withdrawn")
        is_reserved = db.session.scalar(select(Reservation.id).where(Reservation.match_id == match.id)) is not None
        assert is_reserved == (match.status == "accepted")


def test_two_who_end_the_same_engagement_free_it_once(app):
    for _ in range(ROUNDS):
        match = make_match("accepted")
        results = at_once(app, step(engagements.end_match, match.id), step(engagements.complete_match, match.id))
        assert len(refused(results)) == 1
        assert db.session.scalar(select(Reservation.id).where(Reservation.match_id == match.id)) is None
        db.session.rollback()


def test_two_who_review_the_same_engagement_review_it_once(app):
    for _ in range(ROUNDS):
        match = make_match("completed")

        def review(match_id=match.id):
            return engagements.review_match(db.session.get(Match, match_id), 5, actor=SYSTEM).stars

        results = at_once(app, review, review)
        assert len(refused(results)) == 1
        many = select(func.count()).select_from(Review).where(Review.match_id == match.id)
        assert db.session.scalar(many) == 1
        db.session.rollback()


def archive(assistant_id):
    """Somebody leaves, as the operation for it does it: the row is locked, then the proposals are taken back."""

    def act():
        assistant = db.session.get(Assistant, assistant_id, with_for_update=True)
        audit_as(db.session, actor=SYSTEM, action="archive")
        assistant.archived_at = now()
        db.session.flush()
        return engagements.withdraw_proposals_of(assistant)

    return act


def test_who_leaves_in_the_middle_of_an_acceptance_is_taken_before_or_not_at_all(app):
    """Whoever comes first counts, nobody waits in a circle, and no proposal of somebody who left stays open."""
    for _ in range(2 * ROUNDS):
        assistant = make_assistant()
        match, other = make_match(assistant=assistant), make_match(assistant=assistant)
        results = at_once(app, step(engagements.accept_match, match.id), archive(assistant.id))
        assert all(error.status == 409 for error in refused(results))
        assert not isinstance(results[1], DomainError)
        db.session.rollback()
        db.session.expire_all()
        for job in db.session.execute(select(jobs.c.args).where(jobs.c.task_name == engagements.WITHDRAW)).scalars():
            withdraw_proposals(job["assistant_id"])
        db.session.commit()
        is_reserved = db.session.scalar(select(Reservation.id).where(Reservation.match_id == match.id)) is not None
        assert is_reserved == (fresh(match).status == "accepted")
        assert match.status in ("accepted", "withdrawn")
        assert fresh(other).status == "withdrawn"


def test_two_companies_that_leave_room_for_both_get_both(app):
    for _ in range(ROUNDS):
        assistant = make_assistant(weekly_hours=40)
        matches = [make_match(request=make_request(hours=20), assistant=assistant) for _ in range(2)]
        results = at_once(app, *(step(engagements.accept_match, match.id) for match in matches))
        assert results == ["accepted", "accepted"]
        assert (
            db.session.scalar(text("select available_hours from assistants where id = :id"), {"id": assistant.id}) == 0
        )
        db.session.rollback()


def test_hours_that_are_taken_while_the_profile_is_cut_stay_within_it(app):
    for _ in range(ROUNDS):
        assistant = make_assistant(weekly_hours=30)
        match = make_match(request=make_request(hours=20), assistant=assistant)

        def cut(assistant_id=assistant.id):
            found = db.session.get(Assistant, assistant_id, with_for_update=True)
            audit_as(db.session, actor=SYSTEM, action="update")
            found.weekly_hours = 15
            db.session.flush()
            return "cut"

        results = at_once(app, step(engagements.accept_match, match.id), cut)
        assert [error.status for error in refused(results)] == [409]
        assert fresh(assistant).weekly_hours == (30 if fresh(match).status == "accepted" else 15)
