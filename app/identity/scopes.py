"""Scopes: the permissions that a program may be given, and what each means in plain words.

A scope is a permission's name. It narrows what a person or a company may do, and never widens it.
"""

from collections.abc import Iterable, Sequence

from flask import Flask
from pydantic_core import PydanticCustomError

from app.core.domain import Domain, on_install

_ACTS = {"read": "See", "write": "Change"}

WORDS: dict[str, str] = {}
"""Every scope, in the order in which people are shown them, in words for the person who decides."""
SCOPES: list[str] = []


def _learn(domains: Sequence[Domain]) -> None:
    WORDS.clear()
    for domain in domains:
        for resource, things in domain.scopes.items():
            WORDS.update({f"{resource}:{act}": f"{verb} {things}" for act, verb in _ACTS.items()})
    SCOPES[:] = WORDS


on_install(_learn)


def offered(app: Flask) -> dict[str, str]:
    """The scopes that open anything in this application: others may be given, and are kept for what is to come."""
    resources = resources_in_use(app)
    return {scope: words for scope, words in WORDS.items() if scope.partition(":")[0] in resources}


def resources_in_use(app: Flask) -> set[str]:
    """What the permissions of the application's views are about."""
    audiences = (str(getattr(view, "audience", "")) for view in app.view_functions.values())
    return {audience.partition(":")[0] for audience in audiences if ":" in audience}


def in_words(scope: str) -> str:
    """What the scope lets a program do: “See projects”. An unknown one is named as it is."""
    return WORDS.get(scope, scope)


def in_order(scopes: Iterable[str]) -> list[str]:
    """Each of the scopes once, in the order in which people are shown them."""
    given = set(scopes)
    return [scope for scope in SCOPES if scope in given]


def check_scopes(scopes: list[str]) -> list[str]:
    """The scopes, each once and in order; for `AfterValidator` in a schema. An unknown one is refused by its name."""
    for scope in scopes:
        if scope not in WORDS:
            raise PydanticCustomError(
                "scope", "There is no scope “{scope}”. One looks like “products:read”.", {"scope": scope}
            )
    return in_order(scopes)
