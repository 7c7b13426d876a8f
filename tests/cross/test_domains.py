"""A domain is announced in one place, its `DOMAIN`; all that concerns every domain goes through `app/domains.py`."""

import ast
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.core.domain import Domain, each, install, installed
from app.core.steps import history_words
from app.domains import DOMAINS
from app.identity.identities import Nobody
from app.identity.policy import PERMISSIONS, can, permissions_of_role
from app.identity.scopes import SCOPES, in_words
from app.jobs.tasks import title_of
from app.portal.audit_words import done_of, verb_of
from app.portal.overview import home_of
from app.web.account_sections import account_sections
from app.web.navigation import open_entries
from config import ROOT
from tests.throwaway import DOMAIN


class Admin(Nobody):
    username, role = "ada", "admin"
    is_authenticated = is_active = is_person = True
    scopes = narrowed_to = None


@pytest.fixture
def portal(app: Flask) -> Iterator[Flask]:
    """The portal with one domain more."""
    install((*DOMAINS, DOMAIN))
    yield create_app(app.config["SETTINGS"])

    install(DOMAINS)


def test_a_domain_is_there_by_its_manifest_alone(portal):
    assert portal.test_client().get("/api/gadgets").json == {"gadgets": []}
    assert portal.test_client().get("/admin/gadgets").status_code == 303
    assert "/api/gadgets" in portal.test_client().get("/api/openapi.json").json["paths"]
    assert portal.test_cli_runner().invoke(args=["count-gadgets"]).output == "0 gadgets\n"
    assert title_of("gadgets.polish") == "Polish gadgets"


def test_its_permissions_scopes_and_words_count(portal):
    assert can(Admin(), "gadgets:write")
    assert "gadgets:read" in permissions_of_role("client")
    assert "gadgets:read" not in permissions_of_role("expert")
    assert "gadgets:read" in SCOPES
    assert in_words("gadgets:write") == "Change gadgets"
    assert verb_of("polish") == "polished"
    assert done_of("polish") == "made it shine"


def test_its_pages_stand_where_people_look_for_them(portal, monkeypatch):
    monkeypatch.setattr("app.web.account_sections.current_user", Admin())
    with portal.test_request_context("/account/gadgets"):
        found = [(entry.section, entry.label) for entry in open_entries(Admin())]
        assert found.index(("Gadgets", "Gadgets")) < found.index(("Matching", "Assistants"))
        assert ("Gadgets", "No such page") not in found
        links = {link.label: link for link in account_sections()}
    assert links["Gadgets"].current == "page"
    assert DOMAIN.named("views:summary")(Admin()) == "None of ada’s"


def test_its_needs_stand_on_the_start_page(portal):
    with portal.app_context():
        assert [need.act for need in home_of(Admin()).needs] == ["Polish it"]


def test_its_demo_is_a_step_of_the_demo(portal):
    steps = [(domain.name, step.at) for domain, step in each(lambda domain: domain.demo)]
    assert max(steps, key=lambda found: found[1]) == ("gadgets", 90)


def test_nothing_of_it_is_left_without_it(app):
    assert tuple(installed()) == DOMAINS
    assert "gadgets:read" not in PERMISSIONS
    assert "gadgets:read" not in SCOPES


def test_two_domains_have_no_permission_in_common():
    with pytest.raises(ValueError, match="gadgets"):
        install((*DOMAINS, DOMAIN, Domain("others", permissions={"gadgets": ("r", "-", "-", "-")})))
    assert tuple(installed()) == DOMAINS


def test_every_package_with_pages_of_its_own_is_announced():
    with_pages = {path.parent.name for path in (ROOT / "app").glob("*/__init__.py") if "DOMAIN = " in path.read_text()}
    assert {domain.name for domain in DOMAINS} - {"planned"} == with_pages


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_what_a_manifest_names_is_there(domain, app):
    for module in (*domain.setup, *domain.commands):
        assert callable(domain.module(module).init_app)
    for module in map(domain.module, (*domain.pages, *domain.api)):
        assert getattr(module, "blueprints", None) or module.bp
    summaries = [page.summary for page in domain.account if ":" in page.summary]
    conditions = [page.shown_if for page in domain.account if page.shown_if]
    for name in (domain.home, *(step.step for step in domain.demo), *summaries, *conditions):
        assert not name or callable(domain.named(name))
    for entry in (*domain.navigation, *domain.account):
        assert entry.endpoint in app.view_functions or entry.endpoint == "mailbox.mailbox"


def _actions() -> Iterator[str]:
    """What operations and events call what they do, as far as the code has it as text."""
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("audit_as", "record_event"):
                yield from (
                    word.value.value
                    for word in node.keywords
                    if word.arg == "action" and isinstance(word.value, ast.Constant)
                )


def test_the_history_says_in_english_whatever_is_done(app):
    """“changed the role”, never “changed the role of it”, “put on hold it” or “change role”."""
    told = {action: done_of(action) for action in {*_actions(), *(action for action, _, _ in history_words())}}
    assert len(told) > 60
    cut_off = {action: done for action, done in told.items() if re.search(r"\b(of|to|from|for|on|off|back) it$", done)}
    assert cut_off == {"merge-skill": "made a term another name of it", "request": "asked for it"}
    assert [action for action, done in told.items() if done.removesuffix(" it") == action.replace("-", " ")] == []
    assert (verb_of("mark-on_hold"), done_of("mark-on_hold")) == ("paused", "put it on hold")
