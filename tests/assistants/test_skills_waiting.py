"""Terms that nobody knew, and what becomes of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.assistants.models import AssistantSkill, MatchRequest, Skill
from app.assistants.skills import waiting
from app.assistants.skills.kinds import skills
from app.assistants.skills.meaning_operations import meanings
from app.assistants.skills.operations import update_skill
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.database_errors import explain
from app.core.errors import DomainError
from app.core.records import get_record
from app.core.tenancy import as_system
from app.extensions import db
from tests.factories.assistants import find_skill, make_assistant, make_skill
from tests.factories.engagements import make_request

pytestmark = pytest.mark.usefixtures("db_session")
LIST = "/admin/skills/waiting"


def ask(*terms: str):
    audit_as(db.session, actor=SYSTEM, action="request")
    return meanings(terms, keep_unknown=True)


def term(name: str, times: int = 1) -> Skill:
    for _ in range(times):
        (meaning,) = ask(name)
    db.session.commit()
    return db.session.get(Skill, meaning.skill_id)


def fresh(record):
    db.session.expire_all()
    return db.session.get(type(record), record.id)


def levels_of(assistant) -> dict[str, int]:
    links = select(Skill.name, AssistantSkill.level).join(AssistantSkill, AssistantSkill.skill_id == Skill.id)
    return dict(db.session.execute(links.where(AssistantSkill.assistant_id == assistant.id)).all())


def flashed(browser, answer):
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"]).text


def test_the_list_has_the_most_asked_first_with_who_has_them_and_what_is_alike(as_admin):
    make_skill("Falcon keeping")
    make_assistant(skills=[term("Falconing", times=3)])
    term("Beekeeping")
    page = as_admin.get(LIST).text
    assert page.index("Falconing") < page.index("Beekeeping")
    assert "Written 3 times" in page
    assert "On 1 profile." in page
    assert "Same as “Falcon keeping”" in page
    assert "2 terms" in page


def test_a_manager_sees_the_list_and_decides_nothing(as_manager):
    make_skill("Falcon keeping")
    term("Falconing")
    page = as_manager.get(LIST).text
    assert "Alike: Falcon keeping." in page
    assert "/same-as" not in page
    assert "/decide" not in page


def test_the_list_is_searched_by_letters_and_never_by_patterns(as_admin):
    term("100 % wool")
    term("Über-Falknerei")
    assert "Falknerei" in as_admin.get(f"{LIST}?q=uber").text
    assert "Falknerei" not in as_admin.get(f"{LIST}?q=%25").text
    assert "No new term has" in as_admin.get(f"{LIST}?q=nothing").text


def test_an_empty_list_says_so(as_admin):
    assert "Nothing waits" in as_admin.get(LIST).text


def test_a_term_becomes_a_skill_of_its_own(as_admin):
    skill = term("falconry at dusk")
    person = make_assistant(skills=[skill])
    fields = {"name": "Falconry", "category": "Birds"}
    assert "“Falconry” is a skill now." in flashed(
        as_admin, as_admin.post(f"/admin/skills/{skill.id}/approve", data=fields)
    )
    skill = fresh(skill)
    assert (skill.status, skill.name, skill.category, skill.aliases) == (
        "approved",
        "Falconry",
        "Birds",
        ["falconry at dusk"],
    )
    assert [meaning.how for meaning in meanings(["Falconry", "falconry-at-dusk", "Falcorny"], keep_unknown=False)] == [
        "name",
        "alias",
        "similar",
    ]
    assert levels_of(person) == {"Falconry": 3}
    assert as_admin.get("/admin/assistants?q=falconry").text.count(person.name) >= 1


def test_a_term_becomes_another_name_of_a_skill_and_its_profiles_have_that(as_admin):
    excel = make_skill("Excel")
    skill = term("Tabellenzauberei")
    better, worse, only = (
        make_assistant(skills=[("Excel", 2), (skill, 5)]),
        make_assistant(skills=[(skill, 1), ("Excel", 4)]),
        make_assistant(skills=[(skill, 4)]),
    )
    page = flashed(as_admin, as_admin.post(f"/admin/skills/{skill.id}/same-as", data={"into": "excel"}))
    assert "“Tabellenzauberei” means “Excel” from now on." in page
    assert fresh(excel).aliases == ["Tabellenzauberei"]
    assert [levels_of(each) for each in (better, worse, only)] == [{"Excel": 5}, {"Excel": 4}, {"Excel": 4}]
    assert find_skill("Tabellenzauberei").id == excel.id
    assert only.name in as_admin.get("/admin/assistants?q=tabellenzauberei").text


def test_open_requests_ask_for_the_skill_from_then_on_once():
    excel, skill = make_skill("Excel"), term("Tabellenzauberei")
    one = make_request(skills=[skill, "Word"])
    both = make_request(skills=[skill, excel])
    closed = make_request(skills=[skill], status="closed")
    waiting.make_other_name(get_record(skills, skill.id, for_update=True), "Excel", actor=SYSTEM)
    db.session.commit()
    db.session.expire_all()
    asked = {each.id: each.skills for each in db.session.scalars(select(MatchRequest))}
    assert asked[one.id][0] == {"asked": "Tabellenzauberei", "skill_id": str(excel.id), "name": "Excel"}
    assert [each["name"] for each in asked[one.id]] == ["Excel", "Word"]
    assert [each["name"] for each in asked[both.id]] == ["Excel"]
    assert [each["name"] for each in asked[closed.id]] == ["Tabellenzauberei"]


@pytest.mark.parametrize("into", ["", "Nothing there", "Excell", "Falconry at dusk", "Archived one", "x" * 61])
def test_a_term_is_no_other_name_of_what_is_no_approved_skill(as_admin, into):
    make_skill("Excel")
    make_skill("Archived one", archived_at=func.now())
    skill = term("Falconry at dusk")
    answer = as_admin.post(f"/admin/skills/{skill.id}/same-as", data={"into": into})
    assert answer.status_code == 422
    assert "Nothing was decided." in answer.text
    assert fresh(skill).status == "waiting"


@pytest.mark.parametrize(
    "fields",
    [{"name": "Excel", "category": "Office"}, {"name": "---", "category": "Office"}, {"name": "Birds", "category": ""}],
)
def test_a_term_is_no_skill_under_a_name_that_is_none(as_admin, fields):
    make_skill("Excel")
    skill = term("Falconry")
    answer = as_admin.post(f"/admin/skills/{skill.id}/approve", data=fields)
    assert answer.status_code in (409, 422)
    assert "Nothing was decided." in answer.text
    assert fresh(skill).status == "waiting"


def test_a_term_that_is_no_skill_leaves_profiles_and_list_and_waits_no_more(as_admin):
    skill = term("asdf jkl")
    person = make_assistant(skills=[skill, "Excel"])
    page = flashed(as_admin, as_admin.post(f"/admin/skills/{skill.id}/reject"))
    assert "“asdf jkl” is no skill. It is taken off 1 profile." in page
    assert levels_of(person) == {"Excel": 3}
    (again,) = ask("asdf jkl")
    db.session.commit()
    assert again.skill_id == skill.id
    assert "asdf jkl" not in as_admin.get(LIST).text


def test_what_is_decided_is_not_decided_again(as_admin):
    make_skill("Excel")
    skill = term("Falconry")
    as_admin.post(f"/admin/skills/{skill.id}/approve", data={"name": "Falconry", "category": "Birds"})
    for act, fields in (("approve", {"name": "F", "category": "B"}), ("same-as", {"into": "Excel"}), ("reject", {})):
        page = flashed(as_admin, as_admin.post(f"/admin/skills/{skill.id}/{act}", data=fields))
        assert "“Falconry” doesn’t wait any more: somebody has decided already." in page
    assert as_admin.get(f"/admin/skills/{skill.id}/decide").status_code == 303
    assert as_admin.post("/admin/skills/nothing/approve", data={}).status_code == 404


def test_a_decision_is_in_the_history_and_asking_is_not(as_admin):
    skill = term("Falconry", times=4)
    as_admin.post(f"/admin/skills/{skill.id}/approve", data={"name": "Falconry", "category": "Birds"})
    actions = select(AuditEntry.action).where(AuditEntry.record_id == skill.id).order_by(AuditEntry.id)
    assert db.session.scalars(actions).all() == ["request", "approve"]
    assert "approved it" in as_admin.get(f"/admin/skills/{skill.id}/history").text


def test_a_client_who_asks_for_an_unknown_skill_adds_to_the_list(api, make_user):
    company = api(make_user(role="client"))
    for _ in range(2):
        answer = company.post("/api/virtual-assistants/match", json={"skills": ["Falconry"], "hours_per_week": 5})
        assert answer.status_code == 201, answer.text
    assert (find_skill("falconry").asked, find_skill("falconry").status) == (2, "waiting")


def at_once(app, *acts):
    barrier = Barrier(len(acts))

    def run(act):
        with app.app_context(), as_system("a test"):
            try:
                barrier.wait()
                found = act()
                db.session.commit()
            except (DomainError, SQLAlchemyError) as error:
                db.session.rollback()
                return error if isinstance(error, DomainError) else explain(error)
            else:
                return found
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_those_who_write_an_unknown_term_at_once_all_mean_one_skill(committed_db, app):
    for number in range(5):
        spellings = [f"Falconry {number}", f"FALCONRY-{number}", f"falconry{number}", f"Fal conry {number}"] * 2
        acts = [lambda words=(f"Other {number}", word): ask(*words)[1].skill_id for word in spellings]
        results = at_once(app, *acts)
        assert len(set(results)) == 1, results
        assert fresh(db.session.get(Skill, results[0])).asked == len(spellings)


def test_terms_in_any_order_do_not_wait_for_each_other_in_a_circle(committed_db, app):
    for number in range(5):
        words = [f"Falconry {number}", f"Beekeeping {number}", f"Cartwright {number}"]
        acts = [lambda words=order: [m.skill_id for m in ask(*words)] for order in (words, words[::-1]) * 4]
        for _ in range(2):
            results = at_once(app, *acts)
            assert not [each for each in results if isinstance(each, Exception)]


def test_of_two_who_decide_at_once_one_has_decided(committed_db, app):
    make_skill("Excel")
    for number in range(5):
        skill_id = term(f"Falconry {number}").id

        def locked(skill_id=skill_id):
            return get_record(skills, skill_id, for_update=True)

        results = at_once(
            app,
            lambda: waiting.approve_term(locked(), "Birds of prey", "Birds", actor=SYSTEM),
            lambda: waiting.make_other_name(locked(), "Excel", actor=SYSTEM),
            lambda: waiting.reject_term(locked(), actor=SYSTEM),
        )
        assert len([each for each in results if isinstance(each, DomainError)]) == 2, results
        for skill in db.session.scalars(select(Skill).where(Skill.name == "Birds of prey")):
            db.session.delete(skill)
        db.session.commit()


def test_of_two_who_take_a_term_at_once_the_second_is_refused(committed_db, app):
    for number in range(5):
        one, two = make_skill(f"One {number}").id, make_skill(f"Two {number}").id

        def take(skill_id, number=number):
            return lambda: update_skill(
                get_record(skills, skill_id, for_update=True), {"aliases": [f"Both {number}"]}, actor=SYSTEM
            )

        results = at_once(app, take(one), take(two))
        refused = [each for each in results if isinstance(each, DomainError)]
        assert [each.status for each in refused] == [409]


def test_no_two_changes_at_once_close_a_circle(committed_db, app):
    for number in range(5):
        one, two = make_skill(f"One {number}").id, make_skill(f"Two {number}").id

        def put(child, parent):
            return lambda: update_skill(get_record(skills, child, for_update=True), {"parent_id": parent}, actor=SYSTEM)

        results = at_once(app, put(one, two), put(two, one))
        assert {each.status for each in results if isinstance(each, DomainError)} <= {422, 503}
        db.session.expire_all()
        assert None in (db.session.get(Skill, one).parent_id, db.session.get(Skill, two).parent_id)
