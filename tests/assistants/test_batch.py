"""Open requests assigned together: previewed, applied in one piece, refused when something moved."""

import threading
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.assistants.batch import operations as batch
from app.assistants.models import Assistant, BatchAssignment, Match, MatchRequest, Reservation
from app.core.audit import SYSTEM, audit_as
from app.core.errors import Conflict
from app.core.steps import WrongStep
from app.core.tenancy import as_system
from app.extensions import db
from tests.factories.assistants import make_assistant, make_skill
from tests.factories.engagements import make_request

ASSIGN = "/admin/matches/assign"


@pytest.fixture
def office(db_session):
    """Two requests, and two people who could take one each."""
    make_skill("Excel")
    people = [
        make_assistant(name="Expert", skills=[("Excel", 5)], weekly_hours=20),
        make_assistant(name="Learner", skills=[("Excel", 2)], weekly_hours=20),
    ]
    return [make_request(hours=20), make_request(hours=15)], people


def previewed(requests, dial="0"):
    made = batch.preview([request.id for request in requests], dial and batch.Decimal(dial), actor=SYSTEM)
    db.session.commit()
    return made


def test_a_preview_changes_nothing_but_is_kept_with_both_figures(office):
    requests, _ = office
    made = previewed(requests)
    assert (made.status, made.figures["requests"], len(made.pairs)) == ("previewed", 2, 2)
    chosen = made.figures["chosen"]
    assert chosen["filled"] == 2
    assert chosen["total_fit"] == pytest.approx(sum(pair["score"] for pair in made.pairs), abs=1e-6)
    assert chosen["highest_load"] == 1.0
    assert chosen["is_best"]
    assert {"best_fit", "fairest", "unfilled"} <= made.figures.keys()
    assert db.session.scalars(select(Reservation)).all() == []
    assert {request.status for request in db.session.scalars(select(MatchRequest))} == {"open"}


def test_applying_accepts_every_pair_and_reserves_the_hours(office):
    requests, people = office
    batch.apply(batch.get_assignment(previewed(requests).id), actor=SYSTEM)
    db.session.commit()
    assert {request.status for request in db.session.scalars(select(MatchRequest))} == {"filled"}
    taken = dict(db.session.execute(select(Reservation.assistant_id, Reservation.hours_per_week)).all())
    assert taken.keys() == {person.id for person in people}
    assert sum(taken.values()) == 35
    matches = db.session.scalars(select(Match)).all()
    assert {match.status for match in matches} == {"accepted"}
    assert all(match.explanation["skills"]["weight"] == 0.4 for match in matches)


def test_it_is_applied_once(office):
    requests, _ = office
    made = previewed(requests)
    batch.apply(batch.get_assignment(made.id), actor=SYSTEM)
    db.session.commit()
    with pytest.raises(WrongStep):
        batch.apply(batch.get_assignment(made.id), actor=SYSTEM)
    with pytest.raises(WrongStep):
        batch.discard(batch.get_assignment(made.id), actor=SYSTEM)


def changed(record, **values):
    audit_as(db.session, actor=SYSTEM, action="update")
    for name, value in values.items():
        setattr(record, name, value)
    db.session.commit()


@pytest.mark.parametrize("what", ["request closed", "request changed", "rate", "archived", "hours", "declined"])
def test_it_is_refused_as_stale_when_something_moved(office, what):
    requests, people = office
    made = previewed(requests)
    match what:
        case "request closed":
            changed(db.session.get_one(MatchRequest, requests[0].id), status="closed")
        case "request changed":
            changed(db.session.get_one(MatchRequest, requests[0].id), description="Something else")
        case "rate":
            changed(db.session.get_one(Assistant, people[0].id), hourly_rate=99)
        case "archived":
            changed(db.session.get_one(Assistant, people[0].id), archived_at=func.now())
        case "hours":
            changed(db.session.get_one(Assistant, people[0].id), weekly_hours=5)
        case "declined":
            changed(db.session.get_one(MatchRequest, requests[1].id), status="filled")
    with pytest.raises(Conflict) as refused:
        batch.apply(batch.get_assignment(made.id), actor=SYSTEM)
    assert "anew" in refused.value.message
    db.session.rollback()
    assert db.session.scalars(select(Reservation)).all() == []


def test_nobody_is_assigned_to_whom_the_company_said_no(office):
    requests, people = office
    first = previewed(requests[:1])
    assert first.pairs[0]["name"] == "Expert"
    audit_as(db.session, actor=SYSTEM, action="decline")
    db.session.add(
        Match(
            request_id=requests[0].id, client_id=requests[0].client_id, assistant_id=people[0].id, place=1, score=0.5,
            explanation={}, status="withdrawn", hours_per_week=20, hourly_rate=30, currency="USD",
            starts_on=requests[0].start_date,
        )
    )  # fmt: skip
    db.session.commit()
    assert previewed(requests[:1]).pairs[0]["name"] == "Learner"


def test_requests_that_nobody_can_take_are_named(office):
    requests, _ = office
    made = previewed([*requests, make_request(skills=["Falconry"])])
    assert [left["skills"] for left in made.figures["unfilled"]] == [["Falconry"]]


def test_staff_choose_look_and_apply(as_manager, office):
    requests, _ = office
    page = as_manager.get(ASSIGN)
    assert page.status_code == 200
    assert all(str(request.id) in page.text for request in requests)
    form = {"requests": [str(request.id) for request in requests], "fairness": "0.25"}
    answer = as_manager.post(ASSIGN, data=form)
    assert answer.status_code == 303, answer.text
    shown = as_manager.get(answer.location)
    assert "2 of 2 requests can be filled" in shown.text
    assert "Expert" in shown.text
    applied = as_manager.post(f"{answer.location}/apply")
    assert (applied.status_code, applied.location) == (303, answer.location)
    assert db.session.scalars(select(BatchAssignment.status)).all() == ["applied"]
    assert "2 requests are filled." in as_manager.get(answer.location).text
    assert "No open requests" in as_manager.get(ASSIGN).text


def test_a_stale_one_says_so_on_its_page(as_manager, office):
    requests, people = office
    form = {"requests": [str(request.id) for request in requests], "fairness": "1"}
    here = as_manager.post(ASSIGN, data=form).location
    changed(db.session.get_one(Assistant, people[0].id), hourly_rate=99)
    assert as_manager.post(f"{here}/apply").status_code == 303
    assert "Something has changed about Expert" in as_manager.get(here).text
    assert as_manager.post(f"{here}/discard").status_code == 303
    assert db.session.scalars(select(BatchAssignment.status)).all() == ["discarded"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"requests": []}, "Choose at least one request."),
        ({"requests": ["nonsense"]}, "This is no id of a record."),
        ({"requests": [str(uuid4())]}, "Choose at least one request."),
        ({"fairness": "2"}, "Choose one of these."),
        ({"fairness": "1e30"}, "Choose one of these."),
        ({"fairness": ""}, "Choose one of these."),
        ({"requests": [str(uuid4())] * 300}, "Choose at least one request."),
    ],
)
def test_what_makes_no_sense_is_told_in_the_form(as_manager, office, wrong, told):
    form = {"requests": [str(office[0][0].id)], "fairness": "0.25"} | wrong
    answer = as_manager.post(ASSIGN, data=form)
    assert answer.status_code == 422
    assert told in answer.text
    assert db.session.scalars(select(BatchAssignment)).all() == []


def test_others_than_staff_are_refused(client, as_client, as_expert, office):
    made = previewed(office[0])
    for path, method in ((ASSIGN, "get"), (ASSIGN, "post"), (f"{ASSIGN}/{made.id}", "get"),
                         (f"{ASSIGN}/{made.id}/apply", "post"), (f"{ASSIGN}/{made.id}/discard", "post")):  # fmt: skip
        assert getattr(client, method)(path).status_code in (303, 401)
        for browser in (as_client, as_expert):
            assert getattr(browser, method)(path).status_code == 403
    assert db.session.get_one(BatchAssignment, made.id).status == "previewed"


def test_one_that_is_not_there_is_404(as_manager):
    assert as_manager.get(f"{ASSIGN}/{uuid4()}").status_code == 404
    assert as_manager.post(f"{ASSIGN}/{uuid4()}/apply").status_code == 404


def test_two_who_apply_at_once_apply_it_once(app, committed_db):
    with app.app_context():
        make_skill("Excel")
        for number in range(4):
            make_assistant(name=f"Number {number}", skills=["Excel"], weekly_hours=20)
        made = previewed([make_request(hours=20) for _ in range(4)]).id
    outcomes = []

    def apply():
        with app.app_context(), as_system("a test"):
            try:
                batch.apply(batch.get_assignment(made), actor=SYSTEM)
                db.session.commit()
                outcomes.append("applied")
            except Conflict:
                db.session.rollback()
                outcomes.append("refused")

    threads = [threading.Thread(target=apply) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["applied", *["refused"] * 5]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Reservation)) == 4
