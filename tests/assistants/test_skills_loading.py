"""The taxonomy that comes with the portal, and how it is brought into a database."""

from collections import Counter

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app.assistants.models import AssistantSkill, Skill, SkillRelation, SkillTerm
from app.assistants.skills.loading import is_loaded, load_skills, read_taxonomy
from app.assistants.skills.meaning_operations import kinship, meanings
from app.assistants.skills.nearest import SEVERAL, WIDE
from app.assistants.skills.operations import update_skill
from app.core import records
from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from tests.factories import make_user
from tests.factories.assistants import find_skill, make_assistant, make_skill

pytestmark = pytest.mark.usefixtures("db_session")


def load() -> int:
    added = load_skills(actor=SYSTEM)
    db.session.commit()
    return added


def skill(name: str) -> Skill:
    found = find_skill(name)
    assert found is not None, name
    return found


def test_there_are_several_hundred_skills_of_every_kind_of_work():
    entries = read_taxonomy()
    assert len(entries) >= 300
    by_category = Counter(entry["category"] for entry in entries)
    assert set(by_category) == {
        "Office", "Bookkeeping", "Marketing", "Design", "Customer support", "Sales", "Data", "Development", "Cloud",
        "Security", "Project management", "Languages",
    }  # fmt: skip
    assert min(by_category.values()) >= 20


def test_no_term_means_two_skills_and_no_name_leads_nowhere():
    entries = read_taxonomy()
    names = {entry["name"] for entry in entries}
    assert len(names) == len(entries) == len({entry["slug"] for entry in entries})
    for entry in entries:
        assert entry.get("parent", entry["name"]) in names, entry["name"]
        assert set(entry["related"]) <= names, entry["name"]
        assert entry["name"] not in entry["related"], entry["name"]
        assert all(0 < weight < 1 for weight in entry["related"].values()), entry["name"]
        assert entry["description"].endswith("."), entry["name"]
    load()
    terms = [term for entry in entries for term in (entry["name"], *entry["aliases"])]
    assert {meaning.how for meaning in meanings(terms, keep_unknown=False)} == {"name", "alias"}
    assert db.session.scalar(select(func.count()).select_from(SkillTerm)) == len(terms), (
        "a term is only spelled otherwise"
    )
    owners = {term: entry["name"] for entry in entries for term in (entry["name"], *entry["aliases"])}
    assert {m.asked: m.name for m in meanings(terms, keep_unknown=False)} == owners


def test_no_skill_is_part_of_itself():
    parents = {entry["name"]: entry.get("parent") for entry in read_taxonomy()}
    for name, parent in parents.items():
        above, wider = set(), parent
        while wider is not None:
            assert wider not in above | {name}, name
            above.add(wider)
            wider = parents[wider]


def test_loading_adds_everything_with_parents_and_relations():
    assert load() == len(read_taxonomy())
    pivots = skill("Pivot tables")
    assert pivots.parent.name == "Excel"
    assert (pivots.status, pivots.category, pivots.version) == ("approved", "Office", 1)
    pairs = {frozenset((e["name"], other)) for e in read_taxonomy() for other in e["related"]}
    assert db.session.scalar(select(func.count()).select_from(SkillRelation)) == len(pairs)


def test_excel_ms_excel_and_spreadsheets_meet():
    load()
    terms = ("Excel", "MS-Excel", "spreadsheets", "Microsoft Excel", "excell")
    assert {meaning.name for meaning in meanings(terms, keep_unknown=False)} == {"Excel"}
    sheets, excel = skill("Google Sheets"), skill("Excel")
    assert kinship([excel.id]).closeness[excel.id][sheets.id] == 0.8


def test_abbreviations_mean_what_clients_mean_by_them():
    load()
    taken = {
        "AI": "Machine learning", "KI": "Machine learning", "FB": "Social media management", "GSC": "Technical SEO",
        "UAT": "Software testing", "KYC": "Compliance", "AML": "Compliance", "i18n": "Localisation", "PT": "Portuguese",
        "RU": "Russian", "NL": "Dutch", "Lohn": "Payroll", "AAD": "Microsoft Entra ID",
        "MS365": "Microsoft Office", "P&L": "Financial analysis", "EDI": "Order management", "VFX": "Motion design",
    }  # fmt: skip
    assert {each.asked: each.name for each in meanings(list(taken), keep_unknown=False)} == taken


def test_what_may_mean_several_skills_offers_skills_that_there_are():
    load()
    names = {entry["name"] for entry in read_taxonomy()}
    assert {name for offered in (*SEVERAL.values(), *WIDE.values()) for name in offered} <= names
    first = {term: offered[0] for term, offered in SEVERAL.items()}
    assert {each.asked: each.name for each in meanings(list(first), keep_unknown=False)} == first
    assert {each.how for each in meanings(list(WIDE), keep_unknown=False)} == {"unknown"}


def test_what_is_none_of_them_is_no_other_skill():
    load()
    for term in ("qa-skill-ab12", "Falconry", "skill 7", "zzz", "test-skill-1f3a", "Widget polishing"):
        assert [meaning.how for meaning in meanings([term], keep_unknown=False)] == ["unknown"], term


def test_loading_again_adds_nothing():
    load()
    assert is_loaded(db.session.connection())
    before = db.session.scalar(select(func.count()).select_from(Skill))
    assert load() == 0
    assert db.session.scalar(select(func.count()).select_from(Skill)) == before


def test_it_is_not_loaded_before():
    assert not is_loaded(db.session.connection())


def test_what_an_administrator_changed_or_archived_stays_so():
    load()
    excel, word, sheets = skill("Excel"), skill("Word"), skill("Google Sheets")
    update_skill(excel, {"name": "Table work", "slug": "table-work", "aliases": [], "related": []}, actor=SYSTEM)
    update_skill(sheets, {"description": "Ours.", "related": []}, actor=SYSTEM)
    records.archive(word, actor=SYSTEM)
    db.session.commit()
    assert load() == 0
    assert find_skill("Excel") is None
    assert skill("Google Sheets").description == "Ours."
    assert skill("Google Sheets").related == []
    assert skill("Word").is_archived


def test_a_term_that_means_another_skill_already_is_left_to_it():
    tables = make_skill("Tables", aliases=["Spreadsheets"])
    other = make_skill("Diary", aliases=["Calendar management"])
    load()
    assert skill("Spreadsheets").id == tables.id
    assert skill("MS Excel").name == "Excel"
    assert skill("Calendar management").id == other.id


def test_a_waiting_term_becomes_the_skill_that_it_is():
    audit_as(db.session, actor=SYSTEM, action="create")
    waiting, alias = meanings(["Bookkeeping", "MS-Excel"], keep_unknown=True)
    person = make_assistant(skills=[db.session.get(Skill, each.skill_id) for each in (waiting, alias)])
    load()
    excel, books = skill("Excel"), skill("Bookkeeping")
    assert books.id == waiting.skill_id
    assert (books.status, books.category, books.parent.name) == ("approved", "Bookkeeping", "Accounting")
    assert "MS-Excel" in excel.aliases
    assert db.session.get(Skill, alias.skill_id) is None
    links = select(AssistantSkill.skill_id).where(AssistantSkill.assistant_id == person.id)
    assert set(db.session.scalars(links)) == {excel.id, books.id}
    assert db.session.scalar(select(SkillTerm.skill_id).where(SkillTerm.term_key == "spreadsheets")) == excel.id


def test_the_command_tells_how_many_it_added(app: Flask):
    first: Result = app.test_cli_runner().invoke(args=["load-skills"])
    again = app.test_cli_runner().invoke(args=["load-skills"])
    assert first.output == f"{len(read_taxonomy())} skills added.\n"
    assert again.output == "All skills are there.\n"


def test_people_find_skills_by_their_abbreviations():
    load_skills(actor=SYSTEM)
    meant = {
        "JS": "JavaScript", "TS": "TypeScript", "K8s": "Kubernetes", "GCP": "Google Cloud", "QA": "Software testing",
        "PPC": "Paid search", "CRM": "CRM", "PM": "Project management",
        "HR": "Human resources", "VA": "Administrative assistance",
        "UX/UI": "UX design", "ReactJS": "React", "PBI": "Power BI",
        "D365": "Microsoft Dynamics 365", "SoMe": "Social media management",
    }  # fmt: skip
    assert {typed: [found.name for found in meanings([typed], keep_unknown=False)] for typed in meant} == {
        typed: [name] for typed, name in meant.items()
    }


def test_skills_that_were_loaded_before_learn_new_names_unless_somebody_edited_them():
    load_skills(actor=SYSTEM)
    audit_as(db.session, actor=SYSTEM, action="create")
    skills = {
        one.name: one for one in db.session.scalars(select(Skill).where(Skill.name.in_(["JavaScript", "TypeScript"])))
    }
    for one, term in ((skills["JavaScript"], "JS"), (skills["TypeScript"], "TS")):
        one.aliases = [alias for alias in one.aliases if alias != term]
    db.session.flush()
    audit_as(db.session, actor=make_user(role="admin"), action="update")
    skills["TypeScript"].description = "Ours."
    db.session.flush()
    assert not is_loaded(db.session.connection())
    assert load_skills(actor=SYSTEM) == 0
    assert [one.skill_id is not None for one in meanings(["JS", "TS"], keep_unknown=False)] == [True, False]


def test_an_abbreviation_that_somebody_asked_for_before_means_its_skill_now():
    load_skills(actor=SYSTEM)
    audit_as(db.session, actor=SYSTEM, action="create")
    javascript = skill("JavaScript")
    javascript.aliases = [alias for alias in javascript.aliases if alias != "JS"]
    db.session.flush()
    (asked,) = meanings(["JS"], keep_unknown=True)
    assert asked.how == "unknown"
    assert not is_loaded(db.session.connection())
    load_skills(actor=SYSTEM)
    (found,) = meanings(["JS"], keep_unknown=False)
    assert found.name == "JavaScript"
    assert is_loaded(db.session.connection())
