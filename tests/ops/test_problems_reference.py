"""docs/problems.md has every code of a problem. A class that is renamed changes its code, which programs compare."""

from app.cli.reference import problems
from config import ROOT


def test_every_code_and_status_is_as_it_was_published(app):
    written = (ROOT / "docs" / "problems.md").read_text()
    assert written == problems(), (
        "A code that was published keeps its name and status: give a renamed class its old `code`. For a new one, run:"
        " flask --app wsgi problems-reference > docs/problems.md"
    )


def test_it_says_what_a_code_means(app):
    assert "| `changed-since` | 412 | The object changed since the asker read it (`If-Match`). |" in problems()
    assert app.test_cli_runner().invoke(args=["problems-reference"]).output == problems()
