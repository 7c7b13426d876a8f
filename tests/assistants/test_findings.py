"""What was found before is told again only while people and skills are as they were."""

import time
from contextlib import contextmanager
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import func, select

from app.assistants.matching.index import EXTENSION, Index
from app.assistants.matching.remembered import Asked, Finding, Findings
from app.assistants.models import Assistant, MatchRequest, Skill
from app.assistants.requests import operations as requests
from app.assistants.requests.operations import read_wanted, request_match
from app.core.audit import SYSTEM, audit_as
from app.core.database_login import database_login
from app.core.fitting.skills import Kinship
from app.extensions import db
from tests.factories.accounts import make_client_company
from tests.factories.assistants import make_assistant, make_skill

pytestmark = pytest.mark.committed


@pytest.fixture
def index(app, committed_db, monkeypatch):
    with app.app_context():
        made = Index(partial(database_login(app).connect, committed_db))
        monkeypatch.setitem(app.extensions, EXTENSION, made)
        yield made
        made.close()


@pytest.fixture
def searches(monkeypatch):
    """Whatever is searched for anew."""
    made = []
    find = requests.find
    monkeypatch.setattr(requests, "find", lambda *asked: made.append(asked) or find(*asked))
    return made


@contextmanager
def changing(action="update"):
    audit_as(db.session, actor=SYSTEM, action=action)
    yield
    db.session.commit()


def ask(company, *skills, **more):
    values = {"skills": list(skills), "hours_per_week": Decimal(10), "limit": 1, **more}
    made = request_match(values, client_id=company.id, actor=SYSTEM)
    db.session.commit()
    return [(proposal.scored.id, proposal.scored.candidate.rate) for proposal in made.proposals]


def test_the_same_request_is_searched_for_once_and_kept_each_time(index, searches):
    for attempt in range(1, 11):
        skill = f"Skill {attempt}"
        company, person = make_client_company(), make_assistant(skills=[skill])
        searches.clear()
        answers = [ask(company, skill) for _ in range(3)]
        assert answers == [[(person.id, 30)]] * 3
        assert db.session.scalar(select(func.count()).select_from(MatchRequest)) == 3 * attempt
        if len(searches) == 1:
            return
        time.sleep(0.2)  # while a transaction of another test is open on this server, people are read again
    pytest.fail(f"searched {len(searches)} times")


@pytest.mark.parametrize(
    "more", [{"hours_per_week": Decimal(11)}, {"limit": 2}, {"what_if": True}, {"currency": "EUR"}]
)
def test_another_request_is_searched_for(index, searches, more):
    company, _ = make_client_company(), make_assistant(skills=["Excel"])
    ask(company, "Excel")
    before = len(searches)
    ask(company, "Excel", **more)
    assert len(searches) > before


def test_after_any_change_of_anybody_it_is_searched_for_anew(index):
    company, person, other = make_client_company(), make_assistant(skills=["Excel"]), make_assistant(skills=["Word"])
    assert ask(company, "Excel") == [(person.id, 30)]
    with changing():
        db.session.get_one(Assistant, person.id).hourly_rate = Decimal(31)
    assert ask(company, "Excel") == [(person.id, 31)]
    newcomer = make_assistant(skills=["Excel"], rate=Decimal(5))
    assert ask(company, "Excel") == [(newcomer.id, 5)]
    with changing("archive"):
        db.session.get_one(Assistant, newcomer.id).archived_at = other.created_at
    assert ask(company, "Excel") == [(person.id, 31)]


def test_after_a_change_of_skills_terms_mean_what_they_mean_now(index):
    company = make_client_company()
    excel, word = make_skill("Excel"), make_skill("Word")
    one, other = make_assistant(skills=[excel]), make_assistant(skills=[word])
    assert ask(company, "Excel") == [(one.id, 30)]
    with changing():
        db.session.get_one(Skill, excel.id).name = "Tables"
        db.session.flush()
        db.session.get_one(Skill, word.id).name = "Excel"
    assert ask(company, "Excel") == [(other.id, 30)]
    assert ask(company, "Tables") == [(one.id, 30)]
    with changing():
        db.session.get_one(Skill, excel.id).parent_id = word.id
        db.session.get_one(Assistant, other.id).archived_at = other.created_at
    assert ask(company, "Excel") == [(one.id, 30)]


def test_a_transaction_finds_by_the_skills_that_it_has_changed(index):
    company, person = make_client_company(), make_assistant(skills=["Excel"])
    ask(company, "Excel")
    with changing():
        db.session.scalars(select(Skill).where(Skill.name == "Excel")).one().name = "Tables"
        db.session.flush()
        assert ask(company, "Tables") == [(person.id, 30)]


def test_a_term_that_nobody_knows_waits_and_counts_each_time(index):
    company = make_client_company()
    make_assistant(skills=["Excel"])
    for times in (1, 2, 3):
        ask(company, "Excel", "Falconry")
        waiting = db.session.scalars(select(Skill).where(Skill.name == "Falconry")).one()
        db.session.refresh(waiting)
        assert (waiting.status, waiting.asked) == ("waiting", times)


def test_findings_are_bounded_by_their_proposals(app, committed_db):
    with app.app_context():
        make_skill("Excel")
        wanted, near = read_wanted({"skills": ["Excel"], "hours_per_week": Decimal(10)})
        db.session.rollback()
    findings = Findings()
    asked = [Asked(wanted, limit, what_if=False) for limit in range(1, 101)]
    for one in asked:
        findings.keep(one, near, Finding([None] * 50, [""] * 50, 50, []))
    kept = [one for one in asked if findings.get(one, near)]
    assert kept == asked[-80:]
    assert findings.get(asked[-1], Kinship({wanted.skills[0].skill_id: {}}, {})) is None
    findings.clear()
    assert findings.get(asked[-1], near) is None
