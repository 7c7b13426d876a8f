"""Where the code looks across companies, and why: the list in docs/security.md, made by `flask --app wsgi
system-contexts`."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

from config import ROOT

PAGE = ROOT / "docs" / "security.md"
_BEGIN, _END = "<!-- system contexts -->", "<!-- end of system contexts -->"
_CALLS = ("as_system", "become_system")


@click.command("system-contexts")
def write_contexts() -> None:
    """Write the list of what works across companies into docs/security.md."""
    PAGE.write_text(with_contexts(PAGE.read_text()))
    click.echo(f"{len(list(uses()))} uses, for {len({reason for reason, _ in uses()})} reasons.")


def with_contexts(page: str) -> str:
    """The page with the present list in place of the one in it."""
    found: dict[str, set[str]] = defaultdict(set)
    for reason, where in uses():
        found[reason].add(f"`{where}`")
    rows = "".join(f"| {reason} | {', '.join(sorted(found[reason]))} |\n" for reason in sorted(found))
    section = f"{_BEGIN}\n| why | where |\n| --- | --- |\n{rows}{_END}"
    return re.sub(f"{_BEGIN}.*{_END}", lambda _: section, page, flags=re.DOTALL)


def uses() -> Iterator[tuple[str, str]]:
    """Each use: its reason, and the module that it is in. Raises ValueError for one whose reason isn't plain text."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for reason in _reasons(ast.parse(path.read_text()), path):
            yield reason, str(path.relative_to(ROOT / "app"))


def _reasons(tree: ast.AST, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [word.value for word in node.keywords if word.arg == "as_system"]
            if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
                given += node.args[:1]
            for value in given:
                if not (isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.strip()):
                    raise ValueError(f"{path}:{node.lineno}: the reason must be written out")
                yield value.value
