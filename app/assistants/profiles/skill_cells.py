"""Skills in one cell of a file: `Excel | DATEV (5)`, the level behind those that aren't at the usual one."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.assistants.profiles.schemas import USUAL_LEVEL
from app.core.cells import join_items, split_items

_LEVELLED = re.compile(r"(.*\S)\s*\(([0-9]+)\)", re.ASCII)


def skills_in_words(skills: Sequence[Mapping[str, Any]]) -> str:
    return join_items([_in_words(skill) for skill in skills])


def _in_words(skill: Mapping[str, Any]) -> str:
    level = skill.get("level", USUAL_LEVEL)
    return str(skill["name"]) if level == USUAL_LEVEL else f"{skill['name']} ({level})"


def skills_from_words(text: str) -> list[dict[str, Any]]:
    """Whatever is between the bars or on a line; the schema judges it."""
    items = [item for line in text.splitlines() for item in split_items(line)]
    return [_skill(item) for item in items]


def _skill(item: str) -> dict[str, Any]:
    match = _LEVELLED.fullmatch(item)
    return {"name": match[1], "level": int(match[2])} if match else {"name": item}
