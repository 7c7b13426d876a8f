"""Every list that is searched, and every page that goes by names, reads signs, hyphens and slips alike."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.assistants.models import MatchRequest, Skill
from app.core import kinds
from app.core.audit import SYSTEM, audit_as
from app.core.kinds import Kind
from app.core.lists import fetch, query_schema
from app.extensions import db
from app.projects.teams.models import Team
from app.projects.timeline.queries import Asked, read_timeline
from tests.factories.assistants import make_assistant
from tests.projects.test_timeline import FIRST, LAST, project

NAME = "Wi-Fi C++ Zentrale"
FOUND = ("wifi", "Wi-Fi", "wi-f", "c++", "C++ Zentrale", "wifi zentr", "zentrale")
NOT_FOUND = ("c#", "wi-fax", "fi-wi x")
SLIP = "zentrael"


def searched() -> list[Kind]:
    return [one.kind for one in kinds.listings() if one.spec.searchable and one.kind.key != "users"]


@pytest.fixture
def filled(app: Any, fill_every_table: Any) -> None:
    fill_every_table()
    for kind in searched():
        audit_as(db.session, actor=SYSTEM, action="update")
        one = select(kind.model.id).limit(1).scalar_subquery()
        values = {"archived_at": None} if kind.is_archivable else {}
        db.session.execute(update(kind.model).where(kind.model.id == one).values(name=NAME, **values))


def test_every_searched_list_reads_signs_hyphens_and_slips_alike(filled: None) -> None:
    assert len(searched()) >= 8
    for kind in searched():
        spec = kinds.listing_of(kind).spec

        def found(q: str, spec: Any = spec) -> list[str]:
            return [row.name for row in fetch(db.session, spec, query_schema(spec)(q=q), staff=True).rows]

        for q in FOUND:
            assert found(q)[:1] == [NAME], (kind.key, q)
        for q in NOT_FOUND:
            assert NAME not in found(q), (kind.key, q)
        assert (NAME in found(SLIP)) is spec.words_are_public, kind.key


def test_pages_that_go_by_names_read_them_alike(filled: None, as_admin: Any) -> None:
    audit_as(db.session, actor=SYSTEM, action="update")
    team = db.session.scalar(select(Team).where(Team.name == NAME))
    project(team=team)
    db.session.execute(update(Skill).where(Skill.name == NAME).values(status="waiting"))
    request = db.session.scalar(select(MatchRequest).limit(1))
    make_assistant(name=NAME)
    for q in FOUND:
        assert [group.name for group in read_timeline(Asked(FIRST, LAST, q=q)).groups] == [NAME], q
        assert NAME in as_admin.get("/admin/skills/waiting", query_string={"q": q}).text, q
        assert NAME in as_admin.get(f"/admin/matches/requests/{request.id}", query_string={"name": q}).text, q
    assert read_timeline(Asked(FIRST, LAST, q="c#")).groups == []
