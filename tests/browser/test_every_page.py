"""What holds on every page: no violation that axe finds, no sideways scrolling, in light and dark, wide and narrow."""

import pytest
from sqlalchemy import create_engine, text

from config import ROOT, sqlalchemy_url

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"

LOOKS = {
    "wide and light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "narrow and dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
PAGES = {
    None: ["/login", "/api/docs", "/nowhere"],
    "client": ["/dashboard/", "/account", "/admin/"],
    "admin": [
        *("/admin/", "/admin/audit", "/admin/jobs", "/admin/changes", "/account", "/nowhere", "/admin/palette?q=product"),
        *(f"/admin/{key}{page}" for key in ("products", "solutions", "services") for page in ("", "/new", "/import")),
        *("/admin/products?q=nothing+like+it", "/admin/products?archived=all&sort=-price", "/admin/products?limit=9999"),
    ],
}


@pytest.fixture(scope="module")
def record_pages(live):
    engine = create_engine(sqlalchemy_url(live.database_url))
    tables = {"products": "products", "solutions": "solutions", "services": "service_categories"}
    with engine.connect() as connection:
        ids = {key: connection.scalar(text(f"select min(id::text) from {table}")) for key, table in tables.items()}
    engine.dispose()
    return [f"/admin/{key}/{ids[key]}{page}" for key in tables for page in ("", "/edit", "/history")]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("role", PAGES, ids=lambda role: role or "anonymous")
def test_pages_are_accessible_and_fit(open_window, record_pages, role, look):
    page = open_window(role, bypass_csp=True, **LOOKS[look])
    wrong = []
    for path in PAGES[role] + (record_pages if role == "admin" else []):
        page.goto(path)
        wrong += [f"{path}: {found}" for found in faults(page)]
    assert wrong == []


def faults(page):
    wide, room = page.evaluate(WIDTHS)
    if wide > room:
        yield f"scrolls sideways ({wide} px in {room})"
    page.add_script_tag(path=AXE)
    for found in page.evaluate(RUN_AXE):
        for node in found["nodes"]:
            yield f"{found['id']} ({found['impact']}): {node['html'][:160]} {node['failureSummary']}"


def test_the_skip_link_comes_first_and_leads_to_the_content(page):
    page.goto("/admin/products")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
