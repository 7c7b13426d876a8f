"""Whatever a page links to is there: every link of every page that each role reaches from its start page."""

import re
from collections import Counter
from contextlib import suppress
from functools import cache
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app.core import roles
from tests.cross.test_every_way_back import LISTS, inside
from tests.factories.events import deliver
from tests.factories.world import make_world

pytestmark = pytest.mark.together

LIKE = 6
"""So many links that differ in their ids alone are followed."""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<==)[^&]*")

BACK = re.compile(r"[?&]list=[^&]*")
"""Leads back to a list, and is no other page."""


class _Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        names = {"a": ("href", "hx-get"), "input": ("data-options-url", "hx-get"), "form": ("hx-get",)}.get(tag, ())
        self.found += [given[name] for name in names if given.get(name)]
        if tag == "form" and given.get("method") != "post" and given.get("action"):
            self.found.append(given["action"])


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.netloc in ("", "localhost") and parts.scheme in ("", "http") and not parts.path.startswith("/static")


def crawl(browser: Any, start: str) -> tuple[dict[str, tuple[int, str]], dict[str, str]]:
    """The statuses by address, with the page that linked to it, and the texts."""
    waiting, seen, alike = [(start, "")], {}, Counter[str]()
    texts: dict[str, str] = {}
    while waiting:
        url, origin = waiting.pop(0)
        shape = ID.sub("*", BACK.sub("", url))
        if url in seen or alike[shape] >= LIKE:
            continue
        alike[shape] += 1
        answer = browser.get(url)
        seen[url] = answer.status_code, origin
        if answer.status_code in (301, 302, 303):
            waiting.append((answer.location, url))
        elif answer.mimetype == "text/html":
            texts[url] = answer.text
            found = (urljoin(url, link).partition("#")[0] for link in _Links(answer.text).found if _is_ours(link))
            waiting += [(link, url) for link in found if _is_sensible(link)]
    return seen, texts


def _is_sensible(link: str) -> bool:
    """A page that leads on to itself by days and weeks never ends."""
    return len(parse_qsl(urlsplit(link).query)) <= 4 and "what-if?" not in link and "/audit/export." not in link


ROLES = ("admin", "manager", "client", "expert")
_crawled: dict[str, Any] = {}


@pytest.fixture
def crawled_as(app: Any, db_session: Any, sign_in: Any) -> Any:
    """What the role reaches from its start page, and None what a stranger does; each is crawled once. A test that
    crawls as several has one world for them all."""

    @cache
    def people() -> Any:
        users = make_world().users
        deliver()
        return users

    def crawled_as(role: str | None) -> Any:
        if role not in _crawled:
            users, browser = people(), app.test_client()
            _crawled[role] = crawl(sign_in(browser, users[role]) if role else browser, "/")
        return _crawled[role]

    return crawled_as


@pytest.fixture(params=ROLES)
def crawled(request: Any, crawled_as: Any) -> Any:
    return crawled_as(request.param)


def test_every_link_of_every_page_leads_somewhere(crawled: Any) -> None:
    seen, _ = crawled
    assert len(seen) > 20
    dead = {f"{url} on {origin}": status for url, (status, origin) in seen.items() if status >= 400}
    assert dead == {}


@pytest.mark.parametrize(
    "limits",
    [
        [],
        ["assistants:read", "matches:read", "projects:read"],
        ["projects:read", "projects:write"],
        ["matches:read", "matches:write"],
    ],
    ids=" ".join,
)
def test_no_page_leads_a_limited_member_to_what_they_may_not_see(
    app: Any, db_session: Any, sign_in: Any, limits: list[str]
) -> None:
    member = make_world().users["client"]
    member.company_role, member.limits = "member", limits
    db_session.commit()
    seen, texts = crawl(sign_in(app.test_client(), member), "/dashboard/")
    assert {f"{url} on {origin}" for url, (status, origin) in seen.items() if status >= 400} == set()
    acts = {url: sorted(_acts(html)) for url, html in texts.items() if urlsplit(url).path.startswith("/dashboard")}
    assert {url: found for url, found in acts.items() if found and not any("write" in limit for limit in limits)} == {}


def _acts(html: str) -> set[str]:
    """What the page's forms would change."""
    main = html.partition("<main")[2]
    return set(re.findall(r'<form[^>]* method="post"[^>]* action="([^"]*)"', main))


def test_no_address_lacks_a_part(crawled: Any) -> None:
    seen, _ = crawled
    assert [url for url in seen if "//" in urlsplit(url).path or "None" in url or "undefined" in url] == []


UNTOLD = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\bNone\b|\d{4}-\d\d-\d\dT\d\d:\d\d|\d\d:\d\d:\d\d\.\d|\b[a-z]+_[a-z_]+\b"
)


def _told(html: str) -> str:
    """What a history says, without the names of requests."""
    shown = re.sub(r"<(script|style|code)\b.*?</\1>", " ", html, flags=re.DOTALL)
    found = re.findall(r'<ol class="timeline">(.*?)</ol>', shown, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", " ".join(found))).replace(roles.own().application, "the database")


def test_what_happened_is_told_in_words_for_people(crawled: Any) -> None:
    _, texts = crawled
    told = {url: text for url, html in texts.items() if (text := _told(html))}
    wrong = {url: found[:4] for url, text in told.items() if (found := UNTOLD.findall(text))}
    assert wrong == {}


def test_every_kind_of_record_has_its_history_told(crawled_as: Any) -> None:
    _, texts = crawled_as("manager")
    with_history = {urlsplit(url).path.split("/")[2] for url in texts if url.endswith("/history")}
    assert with_history >= {
        "products",
        "solutions",
        "services",
        "skills",
        "assistants",
        "teams",
        "projects",
        "users",
        "automations",
    }


# No page leads to these: they are where a mail, a provider or an act leads, or what scripts and machines ask for.
APART = {
    *("registration.invitation", "registration.reset_password", "registration.confirm_email"),
    *("mailbox.delivered", "mailbox.as_html"),
    *("oauth.authorize", "providers.go", "providers.callback", "providers.agree"),
    *("account_providers.index", "account_providers.link"),
    *("auth.second", "mfa.confirm", "mfa.set_up", "registration.reset_asked"),
    *("registration_account.first_password", "projects.move_dates"),
    *("automation_editor.test", "my_automation_editor.test", "my_runs.show"),
    *("requests.what_if", "my_requests.what_if", "portal.export_audit"),
    *("health.healthz", "health.readyz", "metrics.metrics", "oauth_endpoints.metadata"),
}


def test_every_page_is_reached_from_some_start_page(app: Any, crawled_as: Any) -> None:
    addresses = app.url_map.bind("localhost")
    reached = set()
    for role in (*ROLES, None):
        for url in crawled_as(role)[0]:
            with suppress(RequestRedirect, NotFound, MethodNotAllowed):
                reached.add(addresses.match(urlsplit(url).path, "GET")[0])
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.rule.startswith(("/api", "/static"))
    }
    assert (pages - reached - APART, APART - (pages - reached)) == (set(), set())


# Lists whose records have no pages of their own, or pages that belong to other lists.
WITHOUT_RECORDS = {
    *("/admin/api-keys", "/admin/audit", "/admin/timeline", "/admin/see-as", "/admin/matches/assign", "/admin/palette"),
    *("/admin/automations/savings", "/dashboard/automations/savings"),
    *("/dashboard/solutions", "/dashboard/services"),  # to an expert what they are to a client
}


@pytest.mark.parametrize("role", LISTS)
def test_the_way_back_of_every_list_is_tested(crawled_as: Any, role: str) -> None:
    _, texts = crawled_as(role)
    lists = {urlsplit(url).path for url, html in texts.items() if 'method="get"' in inside(html) and not ID.search(url)}
    assert lists - {urlsplit(url).path for url in LISTS[role]} - WITHOUT_RECORDS == set()
