"""The taxonomy as admins keep it: operations, pages, API, files."""

import io
import re

import pytest
from sqlalchemy import select

from app.assistants.models import Assistant, Skill
from app.assistants.skills import jobs, words
from app.assistants.skills.meaning_operations import kinship, meanings
from app.assistants.skills.operations import TermTaken, UnknownRelated, WrongParent, create_skill, update_skill
from app.assistants.skills.schemas import RelatedInput, SkillInput
from app.core.audit import SYSTEM, audit_as
from app.core.suggestions import suggest
from app.extensions import db
from tests.factories.assistants import find_skill, make_assistant, make_skill

pytestmark = pytest.mark.usefixtures("db_session")


def fresh(record):
    db.session.expire_all()
    return db.session.get(type(record), record.id)


def waiting(term: str, times: int = 1) -> Skill:
    audit_as(db.session, actor=SYSTEM, action="create")
    for _ in range(times):
        (meaning,) = meanings([term], keep_unknown=True)
    db.session.commit()
    skill = db.session.get(Skill, meaning.skill_id)
    assert skill is not None
    return skill


def flashed(browser, answer):
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"]).text


def as_input(**values) -> SkillInput:
    return SkillInput.model_validate({"category": "Office", **values})


def test_a_new_skill_is_found_by_its_names_and_counts_for_its_kin():
    excel = make_skill("Excel")
    access = make_skill("MS Access")
    related = [{"name": "ms access", "weight": "0.4"}]
    values = as_input(name="Pivot tables", aliases=["Pivots"], parent_id=str(excel.id), related=related)
    skill = create_skill(values, actor=SYSTEM)
    (found,) = meanings(["pivots"], keep_unknown=False)
    assert found.skill_id == skill.id
    assert (skill.slug, skill.status, skill.asked) == ("pivot-tables", "approved", 0)
    assert kinship([skill.id]).closeness[skill.id] == {excel.id: 0.5, access.id: 0.4}


@pytest.mark.parametrize(
    ("values", "pointer", "words"),
    [
        ({"name": "MS-Excel"}, "/name", "“MS-Excel” is another name of “Excel” already."),
        ({"name": "excel"}, "/name", "“excel” is the name of “Excel” already."),
        ({"name": "Tables", "aliases": ["Grids", "EXCEL"]}, "/aliases/1", "“EXCEL” is the name of “Excel” already."),
        ({"name": "Falconry"}, "/name", "“Falconry” waits in the list of new terms. Decide about it there."),
    ],
)
def test_no_term_can_mean_two_skills(values, pointer, words):
    make_skill("Excel", aliases=["MS Excel"])
    waiting("Falconry")
    with pytest.raises(TermTaken) as refused:
        create_skill(as_input(**values), actor=SYSTEM)
    assert [(error.pointer, error.message) for error in refused.value.errors] == [(pointer, words)]


def test_a_name_may_be_repeated_among_its_own_other_names():
    skill = create_skill(as_input(name="Excel", aliases=["excel", "MS Excel", "ms-excel"]), actor=SYSTEM)
    update_skill(skill, {"aliases": ["Excel", "Sheets"]}, actor=SYSTEM)
    assert [m.skill_id for m in meanings(["sheets", "ms excel"], keep_unknown=False)] == [skill.id, None]


def test_no_skill_becomes_part_of_itself():
    office = make_skill("Office work")
    excel = make_skill("Excel", parent_id=office.id)
    pivots = make_skill("Pivot tables", parent_id=excel.id)
    for parent in (office, excel, pivots):
        with pytest.raises(WrongParent) as refused:
            update_skill(office, {"parent_id": parent.id}, actor=SYSTEM)
        assert refused.value.errors[0].pointer == "/parent_id"
    update_skill(pivots, {"parent_id": office.id}, actor=SYSTEM)
    assert fresh(pivots).parent_id == office.id


@pytest.mark.parametrize(
    ("related", "words"),
    [
        ([("Falconry", "0.5")], "There is no skill called “Falconry”."),
        ([("Exel", "0.5")], "There is no skill called “Exel”."),
        ([("Sheets", "0.5"), ("Google Sheets", "0.6")], "“Google Sheets” is named twice."),
        ([("Tables", "0.5")], "A skill isn’t related to itself."),
        ([("Calc", "0.5")], "“Calc” names this skill already, with 0.70. Change it there."),
    ],
)
def test_related_skills_are_others_once(related, words):
    make_skill("Excel")
    make_skill("Google Sheets", aliases=["Sheets"])
    tables = make_skill("Tables")
    make_skill("Calc", related={tables: "0.70"})
    rows = [RelatedInput(name=name, weight=weight) for name, weight in related]
    with pytest.raises(UnknownRelated) as refused:
        update_skill(tables, {"related": rows}, actor=SYSTEM)
    assert refused.value.errors[0].message == words
    assert refused.value.errors[0].pointer == f"/related/{len(related) - 1}/name"


def test_relations_that_stay_are_kept_and_others_come_and_go():
    excel, sheets, calc = make_skill("Excel"), make_skill("Google Sheets"), make_skill("Calc")
    tables = make_skill("Tables", related={excel: "0.50", sheets: "0.60"})
    tables = fresh(tables)
    kept = {relation.related_id: relation.id for relation in tables.related}
    rows = [RelatedInput(name="Google Sheets", weight="0.65"), RelatedInput(name="Calc", weight="0.3")]
    update_skill(tables, {"related": rows}, actor=SYSTEM)
    db.session.commit()
    tables = fresh(tables)
    assert {relation.name: str(relation.weight) for relation in tables.related} == {
        "Google Sheets": "0.65",
        "Calc": "0.30",
    }
    assert kept[sheets.id] in {relation.id for relation in tables.related}
    assert kinship([calc.id]).closeness[calc.id] == {tables.id: 0.3}


def test_assistants_are_found_by_the_new_name_of_their_skill(as_manager):
    skill = make_skill("Tables", aliases=["Grids"])
    person = make_assistant(name="Ana", skills=["Tables"])
    update_skill(skill, {"name": "Spread work", "aliases": ["Rasterarbeit"]}, actor=SYSTEM)
    db.session.commit()
    assert (
        db.session.scalar(select(Assistant.skill_words).where(Assistant.id == person.id)) == "Spread work Rasterarbeit"
    )
    assert "Ana" in as_manager.get("/admin/assistants?q=rasterarbeit").text


def test_many_assistants_are_left_to_a_job(monkeypatch):
    monkeypatch.setattr(words, "AT_ONCE", 2)
    skill = make_skill("Tables")
    people = [make_assistant(skills=["Tables"]) for _ in range(5)]
    update_skill(skill, {"name": "Grids"}, actor=SYSTEM)
    db.session.commit()
    carried = select(Assistant.skill_words).where(Assistant.id.in_([person.id for person in people]))
    assert sorted(text.strip() for text in db.session.scalars(carried)) == ["Grids"] * 2 + ["Tables"] * 3
    queued = db.session.execute(
        db.text("select args ->> 'skill_id' from procrastinate_jobs where task_name = :task"), {"task": words.TASK}
    )
    assert queued.scalars().all() == [str(skill.id)]
    jobs.refresh_skill_words(str(skill.id))
    assert {text.strip() for text in db.session.scalars(carried)} == {"Grids"}


def test_suggestions_are_names_first_and_never_what_waits_or_is_archived():
    make_skill("Zebra care", aliases=["Zoo work"])
    make_skill("Zither", archived_at=db.func.now())
    make_skill("Bookkeeping", aliases=["Zahlen"])
    waiting("Zorbing")
    assert suggest(db.session, "skills", "z") == ["Zebra care", "Zahlen", "Zoo work"]
    assert suggest(db.session, "skills", "") == ["Bookkeeping", "Zebra care"]


def test_an_archived_skill_is_offered_no_more_but_means_itself(as_admin):
    skill = make_skill("Flash animation")
    person = make_assistant(skills=["Flash animation"])
    assert "Archived" in flashed(as_admin, as_admin.post(f"/admin/skills/{skill.id}/archive"))
    assert suggest(db.session, "skills", "flash") == []
    (exact, slip) = meanings(["flash animation", "flash animatoin"], keep_unknown=False)
    assert (exact.skill_id, slip.skill_id) == (skill.id, None)
    assert fresh(person).skills == ["Flash animation"]


FORM = {"name": "Tables", "category": "Office", "aliases": "Grids\nCharts", "related": "", "parent_id": ""}
POSTS = {
    # page, fields: the status for admin, manager, client, expert
    "new": (FORM, (303, 403, 403, 403)),
    "{skill}/edit": (FORM, (303, 403, 403, 403)),
    "{skill}/archive": ({}, (303, 403, 403, 403)),
    "{term}/approve": ({"name": "Falconry", "category": "Office"}, (303, 403, 403, 403)),
    "{term}/same-as": ({"into": "Excel"}, (303, 403, 403, 403)),
    "{term}/reject": ({}, (303, 403, 403, 403)),
}


@pytest.mark.parametrize("path", POSTS)
def test_what_changes_skills_is_for_administrators(client, as_admin, as_manager, as_client, as_expert, path):
    fields, (admin, *others) = POSTS[path]
    ids = {"skill": make_skill("Excel").id, "term": waiting("Falconry").id}
    address = f"/admin/skills/{path.format(**ids)}"
    assert client.post(address, data=fields).status_code in (303, 401)
    assert [each.post(address, data=fields).status_code for each in (as_manager, as_client, as_expert)] == others
    assert as_admin.post(address, data=fields).status_code == admin


def test_pages_of_skills_are_for_staff(client, as_admin, as_manager, as_client, as_expert):
    pages = ["", "/waiting", f"/{make_skill('Excel').id}", f"/{waiting('Falconry').id}/history", "/export.csv"]
    for page in pages:
        address = f"/admin/skills{page}"
        assert client.get(address).status_code == 303, page
        assert [each.get(address).status_code for each in (as_admin, as_manager)] == [200, 200], page
        assert [each.get(address).status_code for each in (as_client, as_expert)] == [403, 403], page
    for page in ("/new", "/import", f"/{waiting('Falconry').id}/decide"):
        assert as_admin.get(f"/admin/skills{page}").status_code == 200
        assert as_manager.get(f"/admin/skills{page}").status_code == 403


def test_the_form_makes_a_skill_and_tells_what_is_wrong_at_its_field(as_admin):
    excel = make_skill("Excel", aliases=["MS Excel"])
    rows = {"related-0-name": "excel", "related-0-weight": "0.80", "parent_id": str(excel.id)}
    page = flashed(as_admin, as_admin.post("/admin/skills/new", data=FORM | rows))
    assert "Created “Tables”." in page
    skill = find_skill("Grids")
    assert (skill.parent_id, [(each.name, str(each.weight)) for each in skill.related]) == (
        excel.id,
        [("Excel", "0.80")],
    )
    taken = as_admin.post("/admin/skills/new", data=FORM | {"name": "Other", "aliases": "New one\nMS-Excel"})
    assert taken.status_code == 422
    assert "Line 2: “MS-Excel” is another name of “Excel” already." in taken.text
    unknown = as_admin.post(
        f"/admin/skills/{skill.id}/edit", data=FORM | {"related-0-name": "Nothing", "related-0-weight": "7"}
    )
    assert unknown.status_code == 422
    assert "Give a number from 0.01 to 0.99." in unknown.text
    assert find_skill("New one") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "---"},
        {"name": ""},
        {"name": "x" * 61},
        {"category": ""},
        {"aliases": "x" * 61},
        {"aliases": "\n".join(f"name {number}" for number in range(51))},
        {"aliases": "..."},
        {"parent_id": "nonsense"},
        {"parent_id": "019aa8f0-5c10-7e22-8d3f-4b1d2e3f4a50"},
        {"related-0-name": "Excel", "related-0-weight": "1e30"},
        {"related-0-name": "Excel", "related-0-weight": "-1"},
        {"related-0-name": "Excel", "related-0-weight": ""},
    ],
)
def test_nonsense_is_refused_with_the_form(as_admin, wrong):
    make_skill("Excel")
    answer = as_admin.post("/admin/skills/new", data=FORM | wrong)
    assert answer.status_code == 422
    assert "Nothing was saved." in answer.text
    assert find_skill("Tables") is None


def test_two_who_edit_a_skill_both_count(as_admin):
    skill = make_skill("Excel")
    other = make_skill("Office work")
    update_skill(skill, {"parent_id": other.id}, actor=SYSTEM)
    db.session.commit()
    sent = {"version": "1", "name": "Excel", "category": "Tables", "aliases": "", "related": "", "parent_id": ""}
    assert "both are kept" in flashed(as_admin, as_admin.post(f"/admin/skills/{skill.id}/edit", data=sent))
    skill = fresh(skill)
    assert (skill.category, skill.parent_id) == ("Tables", other.id)


def test_the_page_of_a_skill_tells_what_counts_for_it(as_manager):
    excel = make_skill("Excel", aliases=["MS Excel"])
    make_skill("Pivot tables", parent_id=excel.id)
    make_skill("Google Sheets", related={excel: "0.80"})
    make_assistant(skills=["Excel"])
    page = as_manager.get(f"/admin/skills/{excel.id}").text
    assert "1 assistant has it" in page
    rows = re.findall(
        r'cell-name">([^<]+)</span></a></th>\s*<td data-label="Why">([^<]+)</td>\s*<td[^>]*>([^<]+)<', page
    )
    assert rows == [("Pivot tables", "Part of it", "90 %"), ("Google Sheets", "Related", "80 %")]


def test_the_export_can_be_imported_again_and_changed_by_name(committed_db, as_admin):
    excel = make_skill("Excel", aliases=["MS Excel", "Sheets | tables"])
    make_skill("Pivot tables", parent_id=excel.id, related={excel: "0.70"})
    exported = as_admin.get("/admin/skills/export.csv").text
    assert "Pivot tables" in exported
    assert "Excel (0.70)" in exported
    as_admin.post("/admin/skills/import", data={"file": (io.BytesIO(exported.encode()), "skills.csv")})
    before = db.session.scalars(select(Skill.version).order_by(Skill.name)).all()
    assert before == [1, 1]
    changed = (
        "name,category,part of,other names,related skills\n"
        "Pivot tables,Data,,Pivots,Excel (0.75)\nCharts,Office,ms-excel,,\n"
    )
    answer = as_admin.post("/admin/skills/import", data={"file": (io.BytesIO(changed.encode()), "skills.csv")})
    address = answer.headers["Location"]
    preview = as_admin.get(address).text
    assert "Excel (0.75)" in preview
    version = re.search(r'name="version" value="([^"]*)"', preview)
    as_admin.post(f"{address}/apply", data={"version": version[1]} if version else {})
    pivots, charts = find_skill("Pivots"), find_skill("Charts")
    assert (pivots.category, str(pivots.related[0].weight)) == ("Data", "0.75")
    assert charts.parent_id == excel.id


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("Charts,Office,Nothing,", "There is no skill called “Nothing”."),
        ("Charts,Office,,Excel", "“Excel” doesn’t say how much it counts. Write it as “Excel (0.80)”."),
    ],
)
def test_a_row_of_a_file_that_names_nothing_is_told(as_admin, row, words):
    make_skill("Excel")
    file = f"name,category,part of,related skills\n{row}\n"
    answer = as_admin.post("/admin/skills/import", data={"file": (io.BytesIO(file.encode()), "skills.csv")})
    assert words in as_admin.get(answer.headers["Location"]).text


def test_the_api_serves_staff_alone_and_administrators_change_it(client, api, make_user):
    admin, manager, expert = (api(make_user(role=role)) for role in ("admin", "manager", "expert"))
    body = {"name": "Tables", "category": "Office", "aliases": ["Grids"]}
    assert client.get("/api/skills").status_code == 401
    assert expert.get("/api/skills").status_code == 403
    assert manager.post("/api/skills", json=body).status_code == 403
    made = admin.post("/api/skills", json=body)
    assert made.status_code == 201
    address = f"/api/skills/{made.json['slug']}"
    make_skill("Excel")
    related = admin.patch(address, json={"related": [{"name": "Excel", "weight": 0.5}]})
    assert related.json["related"] == [{"name": "Excel", "weight": 0.5}]
    assert manager.get("/api/skills?q=grids").json[0]["related"] == related.json["related"]
    assert admin.post("/api/skills", json=body).status_code == 409
    assert admin.patch(address, json={"status": "approved"}).json["errors"][0]["code"] == "read_only"
    assert admin.get("/api/skills/nothing").status_code == 404
