"""Addresses of pages are typed once, where a kind or a route declares them; all others are made from these."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config import ROOT

PAGES = "account|admin|confirm-email|dashboard|forgot-password|invitation|login|notifications|register|reset-password"
PAGE = re.compile(rf"(?<!\w)/({PAGES})(?![\w-])")
ROUTES = {"get", "post", "route", "add_url_rule"}
DECLARING = {"url_prefix", "pages"}
USUAL = ("app/core/kinds.py", "/admin/")
"""Where the pages of a kind begin that says nothing else."""


def _declared(tree: ast.Module) -> set[ast.AST]:
    """The parts of a module in which addresses are declared, and its docstrings."""
    parts: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            parts += [each.value for each in node.keywords if each.arg in DECLARING]
            if isinstance(node.func, ast.Attribute) and node.func.attr in ROUTES:
                parts += node.args[:1]
        elif isinstance(node, ast.Expr):
            parts.append(node)
    return {one for part in parts for one in ast.walk(part)}


def _typed(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    declared = _declared(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in declared:
            name = str(path.relative_to(ROOT))
            if PAGE.match(node.value) and (name, node.value) != USUAL:
                yield f"{name}:{node.lineno}: {node.value}"


def test_no_address_is_typed_in_python() -> None:
    found = [each for path in sorted((ROOT / "app").rglob("*.py")) for each in _typed(path)]
    assert not found, "make it by url_for, path_of, Kind.base or Kind.url:\n" + "\n".join(found)


def test_no_address_is_typed_in_templates() -> None:
    lines = (
        (path.relative_to(ROOT), number, line)
        for path in sorted((ROOT / "templates").rglob("*.*"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
    )
    found = [f"{path}:{number}: {line.strip()[:120]}" for path, number, line in lines if PAGE.search(line)]
    assert not found, "make it by url_of, url_for or Kind.base:\n" + "\n".join(found)
