import re
from pathlib import Path

import pytest

from app.cli.reference import reference
from config import LATER, ROOT, Settings

SOURCE = "\n".join(path.read_text() for path in (ROOT / "app").rglob("*.py"))


def test_the_page_of_settings_says_what_the_code_says() -> None:
    assert Path(ROOT / "docs" / "settings.md").read_text() == reference()


@pytest.mark.parametrize(("name", "alias"), [(name, info.alias) for name, info in Settings.model_fields.items()])
def test_a_setting_is_used_unless_it_is_said_to_be_for_later(name: str, alias: str) -> None:
    used = bool(re.search(rf"\.{name}\b", SOURCE)) or alias in SOURCE
    assert used is (alias not in LATER)
