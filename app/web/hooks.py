"""What happens before and after the view of every request, in the order in which it happens, and why there.

A module registers its hooks with Flask in its `init_app`; this is where they stand in order. One that is not listed
keeps the application from starting.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

Order = Sequence[tuple[str, str]]

BEFORE: Order = (
    ("app.identity.tenancy", "Nobody's rows are in sight until it is known who asks."),
    ("app.web.observability", "Whatever happens from here on is logged under the request's id."),
    ("app.web.sizes", "Whatever reads the body reads no more of it than its view takes."),
    ("flask_wtf.csrf", "Does nothing by itself: the guard has the form checked when it knows who asks."),
    ("app.web.limits", "Too many requests are refused before they cost a look at who asks."),
    ("app.web.guards", "Who asks, whether they may, and whether the form is ours: before anything is done."),
    ("app.web.once", "A form that came before gets the answer of then; who may not send it has heard so."),
    ("app.auth.oauth.hooks", "A browser's question before a call from elsewhere; it carries no sign-in."),
    ("app.api.methods", "A fixed path takes its own methods alone."),
    ("app.api.cors", "OPTIONS tells the methods that are left."),
)
AFTER: Order = (
    ("app.api.cors", "Errors say whom they are for as well."),
    ("app.web.way_back", "A redirect keeps the list that the form came from."),
    ("app.web.once", "The answer is kept for the same form, as it goes out."),
    ("app.web.limits", "How much is left, of what this request cost too."),
    ("app.web.observability", "The last word: the status and the time that it took."),
)
AT_THE_END: Order = (
    ("app.web.observability", "The id is this request's alone."),
    ("app.identity.tenancy", "Whatever the thread does next, it does for nobody."),
)


def put_in_order(app: Flask) -> None:
    """Put the hooks of the application in the order of the lists. Raises LookupError for one that they don't have."""
    app.before_request_funcs[None] = _ordered(app.before_request_funcs.get(None, ()), BEFORE)
    # Flask calls these from the last to the first.
    app.after_request_funcs[None] = _ordered(app.after_request_funcs.get(None, ()), AFTER[::-1])
    app.teardown_request_funcs[None] = _ordered(app.teardown_request_funcs.get(None, ()), AT_THE_END[::-1])
    # None of them is asynchronous, nor is a view: the framework would look for that at each call of each.
    app.ensure_sync = _as_it_is  # type: ignore[method-assign, assignment]


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _ordered(hooks: Sequence[Callable[..., Any]], order: Order) -> list[Any]:
    places = {module: place for place, (module, _) in enumerate(order)}
    if strangers := {hook.__module__ for hook in hooks} - set(places):
        raise LookupError(f"app/web/hooks.py doesn't say where the hooks of {sorted(strangers)} stand")
    return sorted(hooks, key=lambda hook: places[hook.__module__])
