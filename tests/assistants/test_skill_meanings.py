"""What terms mean: names, other names, slips, and what nobody knows."""

import pytest
from sqlalchemy import select

from app.assistants.models import Skill
from app.assistants.skills.meaning_operations import kinship, meanings, understand
from app.core.audit import SYSTEM, audit_as
from app.extensions import db
from tests.factories.assistants import make_skill

pytestmark = pytest.mark.usefixtures("db_session")


def mean(*terms: str, keep_unknown: bool = False):
    audit_as(db.session, actor=SYSTEM, action="update")
    return meanings(terms, keep_unknown=keep_unknown)


def test_spellings_and_other_names_mean_one_skill():
    excel = make_skill("Excel", aliases=["MS Excel", "Spreadsheets"])
    found = mean("excel", "MS-Excel", "ms.excel", "spreadsheets", " Spread sheets")
    assert {meaning.skill_id for meaning in found} == {excel.id}
    assert [meaning.how for meaning in found] == ["name", "alias", "alias", "alias", "alias"]
    assert {meaning.name for meaning in found} == {"Excel"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Bookeeping", "Bookkeeping"), ("excell", "Excel"), ("Photoshp", "Photoshop"), ("Falcorny", "Falconry")],
)
def test_a_slip_means_the_skill_that_it_misspells(typed, meant):
    skill = make_skill(meant)
    (found,) = mean(typed)
    assert (found.skill_id, found.how, found.name) == (skill.id, "similar", meant)


@pytest.mark.parametrize(
    ("typed", "there"),
    [
        ("qa-skill-ab12", "QA skill ab13"),
        ("Windows 10", "Windows 11"),
        ("Java", "JavaScript"),
        ("Xero", "Zero"),
        ("C#", "C++"),
        ("C", "C++"),
        ("Visual C#", "Visual C++"),
        ("Table", "Tableau"),
        ("Flash", "Flask"),
        ("Shift", "Swift"),
        ("Sigma", "Figma"),
        ("Falconry shows", "Falconry"),
    ],
)
def test_what_only_looks_alike_is_another_skill(typed, there):
    make_skill(there)
    (found,) = mean(typed)
    assert (found.skill_id, found.how, found.name) == (None, "unknown", typed)


def test_an_unknown_term_waits_once_and_counts_how_often_it_came():
    first, spelled_otherwise = mean("Falconry at dusk", "falconry-at-dusk", keep_unknown=True)
    assert first.skill_id == spelled_otherwise.skill_id is not None
    assert first.how == "unknown"
    (again,) = mean("FALCONRY AT DUSK", keep_unknown=True)
    skill = db.session.scalar(select(Skill).where(Skill.id == again.skill_id).execution_options(populate_existing=True))
    assert again.skill_id == first.skill_id
    assert (skill.name, skill.status, skill.asked) == ("Falconry at dusk", "waiting", 2)


def test_nothing_is_written_where_unknown_terms_are_not_kept():
    mean("Falconry")
    assert db.session.scalar(select(Skill).where(Skill.name == "Falconry")) is None


def test_a_slip_of_a_waiting_term_is_a_term_of_its_own():
    first, second = mean("Falconry at dusk", "Falconri at dusk", keep_unknown=True)
    assert first.skill_id != second.skill_id


def test_a_term_without_letters_means_nothing():
    (found,) = mean("---", keep_unknown=True)
    assert (found.skill_id, found.how) == (None, "unknown")


def test_relations_count_both_ways_by_their_weight():
    excel, sheets = make_skill("Excel"), make_skill("Google Sheets")
    make_skill("LibreOffice Calc", related={excel: "0.80", sheets: "0.70"})
    calc = make_skill("LibreOffice Calc")
    kin = kinship([excel.id, calc.id])
    assert kin.closeness == {excel.id: {calc.id: 0.8}, calc.id: {excel.id: 0.8, sheets.id: 0.7}}
    assert kin.names[calc.id] == "LibreOffice Calc"


def test_a_narrower_skill_counts_nearly_in_full_and_a_wider_one_half():
    excel = make_skill("Excel")
    pivots = make_skill("Pivot tables", parent_id=excel.id)
    charts = make_skill("Pivot charts", parent_id=pivots.id)
    kin = kinship([excel.id, pivots.id, charts.id])
    assert kin.closeness[excel.id] == {pivots.id: 0.9, charts.id: 0.9}
    assert kin.closeness[pivots.id] == {excel.id: 0.5, charts.id: 0.9}
    assert kin.closeness[charts.id] == {pivots.id: 0.5}


def test_of_two_ways_to_a_skill_the_nearer_counts():
    excel = make_skill("Excel")
    pivots = make_skill("Pivot tables", parent_id=excel.id, related={excel: "0.70"})
    kin = kinship([excel.id, pivots.id])
    assert kin.closeness == {excel.id: {pivots.id: 0.9}, pivots.id: {excel.id: 0.7}}


def test_what_is_understood_at_once_is_what_each_would_tell():
    excel = make_skill("Excel", aliases=["Spreadsheets"])
    make_skill("Google Sheets", related={excel: "0.80"})
    audit_as(db.session, actor=SYSTEM, action="request")
    found, kin = understand(["spreadsheets", "Falconry at dusk"], keep_unknown=True)
    assert [meaning.name for meaning in found] == ["Excel", "Falconry at dusk"]
    assert kin.closeness == kinship([meaning.skill_id for meaning in found]).closeness
    assert {kin.names[meaning.skill_id] for meaning in found} == {"Excel", "Falconry at dusk"}
