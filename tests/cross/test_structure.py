"""The house rules that a machine can check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import ROOT

APP = ROOT / "app"
MODULES = sorted(APP.rglob("*.py"))
DOMAINS = sorted(path.parent.name for path in APP.glob("*/models.py") if path.parent.name != "core")
EDGES = ("app.web", "app.crud", "app.changes", "app.api", "app.portal", "app.cli")
INNER = ("operations", "queries", "policy", "models", "schemas", "resources")
REQUEST_BOUND = {"request", "session", "g", "current_app", "flash", "redirect", "url_for", "render_template", "abort"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Each imported module, and the name taken from it ('' for the module itself)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("" if node.level else node.module or "", alias.name) for alias in node.names)


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


INNER_MODULES = [
    path
    for path in MODULES
    if path.relative_to(APP).parts[0] in DOMAINS and set(path.with_suffix("").relative_to(APP).parts) & set(INNER)
]
CORE = [path for path in MODULES if is_in(name_of(path), "app.core")]


def matching(pattern: str, paths: list[Path], *, but: tuple[str, ...] = ()) -> list[str]:
    """Lines like `app.core.clock: …` where a file has what the pattern finds."""
    return [
        f"{name_of(path)}: {found[0]}"
        for path in paths
        if not is_in(name_of(path), *but) and (found := re.search(pattern, path.read_text()))
    ]


def test_no_module_is_longer_than_400_lines():
    assert [name_of(path) for path in MODULES if len(path.read_text().splitlines()) > 400] == []


def test_imports_are_absolute():
    assert [name_of(path) for path in MODULES if any(module == "" for module, _ in imports_of(path))] == []


def test_core_imports_no_domain_and_no_edge():
    assert [
        (name_of(path), module)
        for path in CORE
        for module, _ in imports_of(path)
        if is_in(module, "app") and not is_in(module, "app.core", "app.extensions")
    ] == []


def test_rules_do_not_know_of_requests_or_edges():
    assert len(INNER_MODULES) >= 8
    assert [
        (name_of(path), module, name)
        for path in INNER_MODULES
        for module, name in imports_of(path)
        if (module == "flask" and name in REQUEST_BOUND) or is_in(module, "flask_login", *EDGES)
    ] == []


def test_rules_never_commit():
    assert matching(r"session\.(commit|rollback)\(|\bcommit\(\)", INNER_MODULES) == []


def test_only_the_settings_and_the_commands_read_the_environment():
    assert matching(r"os\.environ|getenv\(", MODULES, but=("app.cli",)) == []


def test_only_the_clock_reads_the_time():
    # A log line says when it was written, also while a test holds the clock.
    clocks = ("app.core.clock", "app.web.logs")
    assert matching(r"datetime\.(now|utcnow|today)\(|date\.today\(", MODULES, but=clocks) == []


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
    assert matching(pattern, [*MODULES, *(ROOT / "migrations").rglob("*.py")]) == []
