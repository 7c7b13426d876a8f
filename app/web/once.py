"""A form that is sent twice does its work once: by a double click, by going back and sending it again, with scripts and
without.

Each page that is drawn has a token of its own, `csrf_token`, which its forms send along. Together with what was typed
it is a key as programs send one (`web/idempotency.py`), in the same table: who brings the same one meanwhile waits for
the first, and is then led where the first was led. What was typed anew is another key, and is done.
"""

from collections.abc import Callable
from hashlib import file_digest, sha256
from time import monotonic, sleep
from typing import Any, TypeVar

from flask import Flask, Response, current_app, flash, g, request
from flask_login import current_user

from app.extensions import db
from app.web import idempotency
from app.web.htmx import wants_fragment
from app.web.idempotency import Claim

View = TypeVar("View", bound=Callable[..., Any])
PATIENCE = 10.0
"""So many seconds a second one waits for the answer of the first, whose work is done."""
LOOK = 0.05
_ABOUT_SENDING = ("_do", "csrf_token")


def makes_one(view: View) -> View:
    """The view makes a record out of a form that is posted to it: one, however often the same form arrives."""
    view.makes_one = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    @app.before_request
    def claim() -> Response | None:
        made = _claim()
        if made is None or idempotency.take(made):
            g.form_claim = made
            return None
        return _earlier(made)

    @app.after_request
    def settle(response: Response) -> Response:
        if (made := g.pop("form_claim", None)) is not None:
            _settle(made, response)
        return response


def _claim() -> Claim | None:
    view = current_app.view_functions.get(request.endpoint or "")
    token = request.form.get("csrf_token") if request.method == "POST" and getattr(view, "makes_one", False) else None
    if not token or not current_user.is_authenticated or wants_fragment() or ":" in request.form.get("_do", ""):
        return None
    typed = sorted((name, value) for name, value in request.form.items(multi=True) if name not in _ABOUT_SENDING)
    key = sha256(repr((token, request.path, typed, _files())).encode()).hexdigest()
    return Claim(f"form:{current_user.id}", key, (key.encode(),))


def _files() -> list[tuple[str, str | None, str]]:
    """What files came along, each with what is in it: another one from the same page is another import."""
    found = []
    for name, file in request.files.items(multi=True):
        found.append((name, file.filename, file_digest(file.stream, "sha256").hexdigest()))  # type: ignore[arg-type]
        file.stream.seek(0)
    return found


def _settle(claim: Claim, response: Response) -> None:
    """Keep the answer of what was done. Of what was refused nothing is kept, so that it can be sent again."""
    db.session.rollback()
    if response.status_code < 400:
        idempotency.keep(claim, response)
    else:
        idempotency.release(claim)
    db.session.commit()


def _earlier(claim: Claim) -> Response:
    until = monotonic() + PATIENCE
    while (answer := idempotency.earlier_answer(claim)) is None and monotonic() < until:
        db.session.rollback()
        sleep(LOOK)
    db.session.rollback()
    if answer is None:
        raise idempotency.AnswerLost
    if answer.status_code == 303:
        flash("This form had been sent before. Here is what it made.", "info")
    return answer
