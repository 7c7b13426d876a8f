"""The hooks of a request stand in one list, whatever the order in which modules are initialised."""

import pytest
from flask import Flask

from app.web import hooks


def modules(functions) -> list[str]:
    return [function.__module__ for function in functions]


def test_every_hook_runs_where_the_list_says(app: Flask):
    assert modules(app.before_request_funcs[None]) == [module for module, _ in hooks.BEFORE]
    assert modules(reversed(app.after_request_funcs[None])) == [module for module, _ in hooks.AFTER]
    assert modules(reversed(app.teardown_request_funcs[None])) == [module for module, _ in hooks.AT_THE_END]


def test_a_hook_that_is_not_in_the_list_is_refused():
    app = Flask("other")
    app.before_request(lambda: None)
    with pytest.raises(LookupError, match="test_hooks"):
        hooks.put_in_order(app)
