"""Documents and docstrings name files that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

from config import ROOT

_PATH = re.compile(r"`((?:[a-z_]+/)+[a-z_]*(?:\.(?:py|html|md|js|css|toml))?)`")
_MADE = {"var/", "static/build", "static/build/"}
"""What running the portal makes."""
_ADDRESSES = ("admin/", "dashboard/", "europe/", "base/")


def _pages() -> Iterator[Path]:
    yield from (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").glob("*.md"))
    for folder in ("app", "tests", "benchmarks", "migrations"):
        yield from (ROOT / folder).rglob("*.py")


def _is_there(path: str, page: Path) -> bool:
    below = (ROOT, ROOT / "app", ROOT / "app/core", ROOT / "templates", ROOT / "static", page.parent)
    return path in _MADE or path.startswith(_ADDRESSES) or any((folder / path).exists() for folder in below)


def test_what_they_name_is_there():
    named = [(page, path) for page in _pages() for path in _PATH.findall(page.read_text())]
    assert len(named) > 150
    assert [f"{page.relative_to(ROOT)}: {path}" for page, path in named if not _is_there(path, page)] == []
