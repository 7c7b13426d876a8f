"""Whatever looks across companies says why, and docs/security.md lists it."""

import ast
from pathlib import Path

import pytest

from app.cli import system_contexts
from app.cli.system_contexts import PAGE, uses, with_contexts
from config import ROOT

SYSTEM_ITSELF = {"core/tenancy.py", "identity/tenancy.py", "assistants/matching/index.py"}
"""Where `SYSTEM` stands without a reason: what it is, that staff have it, and the index of everybody."""


def test_the_list_in_the_documentation_is_made_from_the_code():
    assert PAGE.read_text() == with_contexts(PAGE.read_text()), "run: flask --app wsgi system-contexts"


def test_every_reason_says_something():
    assert [found for found in uses() if len(found[0].split()) < 4] == []
    assert len(list(uses())) > 20


def test_a_reason_that_isnt_written_out_is_refused(tmp_path, monkeypatch):
    (tmp_path / "app").mkdir()
    monkeypatch.setattr(system_contexts, "ROOT", tmp_path)
    for line in ("as_system(reason)", "become_system('')", "task('x', as_system=why)"):
        (tmp_path / "app" / "it.py").write_text(line)
        with pytest.raises(ValueError, match="written out"):
            list(uses())


def test_nothing_else_takes_the_context_of_the_system():
    found = set()
    for path in Path(ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "app.core.tenancy":
                found |= {str(path.relative_to(ROOT / "app")) for name in node.names if name.name == "SYSTEM"}
    assert found <= SYSTEM_ITSELF
