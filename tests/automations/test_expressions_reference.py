"""docs/expressions.md says what the code does."""

from flask import Flask

from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.reference import page
from config import ROOT


def test_the_page_is_up_to_date(app: Flask) -> None:
    made = app.test_cli_runner().invoke(args=["expressions-reference"]).output
    assert made == page()
    written = (ROOT / "docs" / "expressions.md").read_text()
    assert written == made, "run: flask --app wsgi expressions-reference > docs/expressions.md"


def test_every_function_is_listed_once() -> None:
    for name in FUNCTIONS:
        assert page().count(f"\n| `{name}(") == 1, name
