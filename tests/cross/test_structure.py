"""The house rules that a machine can check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import ROOT
from tests.structure import (
    ALLOWED,
    DOMAINS,
    EDGE_NAMES,
    EDGE_PACKAGES,
    EDGES_ELSEWHERE,
    FACES,
    MODULES,
    PAGE,
    arrows,
    imported_by,
    is_called,
    is_edge,
    name_of,
    package_of,
    written,
)

RULES = [path for module, path in MODULES.items() if not is_edge(module)]
OF_A_REQUEST = {
    "request",
    "session",
    "g",
    "flash",
    "redirect",
    "url_for",
    "render_template",
    "abort",
    "after_this_request",
}
PATHS = list(MODULES.values())


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def matching(pattern: str, paths: list[Path], *, but: tuple[str, ...] = ()) -> list[str]:
    """Lines like `app.core.clock: …` where a file has what the pattern finds."""
    return [
        f"{name_of(path)}: {found[0]}"
        for path in paths
        if not is_in(name_of(path), *but) and (found := re.search(pattern, path.read_text()))
    ]


def test_no_module_is_longer_than_400_lines():
    assert [name_of(path) for path in PATHS if len(path.read_text().splitlines()) > 400] == []


def test_imports_are_absolute():
    relative = [
        name_of(path)
        for path in PATHS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_a_package_imports_what_it_is_allowed_to():
    assert {package_of(module) for module in MODULES} == set(ALLOWED)
    assert [f"{above} → {below}" for above, below in sorted(arrows()) if below not in ALLOWED[above]] == []


def test_no_arrow_runs_up():
    """So that no detour leads up either: each package is allowed those before it alone."""
    order = [*ALLOWED]
    up = [f"{each} → {other}" for each in order for other in ALLOWED[each] if order.index(other) > order.index(each)]
    assert up == ["extensions → core"]  # the session is an extension, and knows the base of all models


def test_no_module_imports_itself_by_a_detour():
    ways = {module: {other for other, _ in imported_by(module) if other in MODULES} for module in MODULES}
    while free := {module for module, others in ways.items() if not others}:
        ways = {module: others - free for module, others in ways.items() if module not in free}
    assert sorted(ways) == []


def test_a_domain_is_entered_by_its_face():
    assert [
        f"{module} → {other}"
        for module in MODULES
        for other, _ in imported_by(module)
        if package_of(module) in DOMAINS
        and package_of(other) in DOMAINS
        and package_of(module) != package_of(other)
        and not is_called(other, FACES)
    ] == []


def test_the_page_shows_the_arrows():
    assert PAGE.read_text() == written(), "run: python -m tests.structure"


def test_each_exception_is_still_one():
    assert [module for module in EDGES_ELSEWHERE if module not in MODULES or is_called(module, EDGE_NAMES)] == []


def test_rules_do_not_know_of_requests_or_edges():
    assert len(RULES) > 250
    assert [
        (name_of(path), node.module, alias.name)
        for path in RULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module == "flask" and alias.name in OF_A_REQUEST and name_of(path) != "app.core.addresses")
        or is_in(node.module or "", "flask_login", *(f"app.{edge}" for edge in EDGE_PACKAGES if edge != "jobs"))
    ] == []


def test_rules_never_commit():
    assert matching(r"session\.(commit|rollback)\(|\bcommit\(\)", RULES) == []


def test_only_the_settings_and_the_commands_read_the_environment():
    assert matching(r"os\.environ|getenv\(", PATHS, but=("app.cli",)) == []


def test_only_the_clock_reads_the_time():
    # A log line says when it was written, also while a test holds the clock.
    clocks = ("app.core.clock", "app.web.logs")
    assert matching(r"datetime\.(now|utcnow|today)\(|date\.today\(", PATHS, but=clocks) == []


FORBIDDEN_IN_PAGES = {
    "an inline script": r"<script(?![^>]*\bsrc=)",
    "an inline style": r"<style\b|\sstyle=",
    "a handler in the page": r"\son[a-z]+=|hx-on|javascript:|=['\"]js:",
    "unescaped text": r"\|\s*safe\b",
}


@pytest.mark.parametrize("what", FORBIDDEN_IN_PAGES)
def test_templates_keep_to_the_content_security_policy(what):
    pages = {
        path.name: re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
        for path in (ROOT / "templates").rglob("*.html")
    }
    assert [name for name, page in pages.items() if re.search(FORBIDDEN_IN_PAGES[what], page)] == []


def test_sql_calculates_with_no_time_zone_but_utc():
    # PostgreSQL has zone files of its own, and those of a machine may be years old; ours are pinned (core/zones.py).
    pattern = r"(?i)at time zone(?! 'utc')|(?:func\.|select )timezone\((?!'utc')|make_timestamptz"
    assert matching(pattern, [*PATHS, *(ROOT / "migrations").rglob("*.py")]) == []


def test_no_test_takes_its_day_as_it_is_imported():
    """It runs minutes later, perhaps on the day after."""
    taken = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in done_at_import(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("today", "now")
    ]
    assert taken == []


def done_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below the node but what functions do when they are called."""
    parts = [*ast.iter_child_nodes(node)]
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        parts = [part for part in parts if part not in (node.body if isinstance(node.body, list) else [node.body])]
    for part in parts:
        yield part
        yield from done_at_import(part)
