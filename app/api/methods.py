"""Which methods an address takes, where a fixed path such as `/expert-teams/projects` also has the form of a path with
a parameter, `/expert-teams/<reference>`: the fixed one's alone, so that nobody changes a team called “projects” by
mistake."""

from functools import cache

from flask import Flask, request
from werkzeug.exceptions import MethodNotAllowed

from app.core.addresses import under_api


@cache
def _fixed(app: Flask) -> dict[str, frozenset[str]]:
    """The methods of each path of the API that has no parameter."""
    found: dict[str, frozenset[str]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.arguments and under_api(rule.rule):
            found[rule.rule] = found.get(rule.rule, frozenset()) | frozenset(rule.methods or ())
    return found


def methods_here(app: Flask) -> list[str]:
    """The methods of the address that is asked for."""
    of_path = _fixed(app).get(request.path)
    return sorted(of_path or app.create_url_adapter(request).allowed_methods())  # type: ignore[union-attr]


def init_app(app: Flask) -> None:
    @app.before_request
    def refuse_methods_of_another_path() -> None:
        if request.view_args and under_api():
            of_path = _fixed(app).get(request.path)
            if of_path is not None and request.method not in of_path:
                raise MethodNotAllowed(sorted(of_path))
