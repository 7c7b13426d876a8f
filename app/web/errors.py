"""Errors as pages for people; those under /api are told by `api/problems.py`.

Each says what happened, what to do next, and the request's id. Where htmx asked for a part of a page, a notice
comes up beside it, and what was there stays.
"""

from dataclasses import dataclass

from flask import Flask, Response, flash, g, make_response, redirect, render_template, request, url_for
from jinja2 import TemplateError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from app.core.database_errors import explain
from app.core.errors import DomainError
from app.identity.login import login_manager
from app.web.assets import StaticBuildMissing
from app.web.htmx import beside_the_page, wants_fragment
from app.web.sizes import told_limit


@dataclass(frozen=True)
class Story:
    """What a page of this status says: a title, what happened, what to do."""

    title: str
    text: str
    advice: str
    icon: str = "alert-triangle"


# Any other status is told as 400 or 500.
STORIES = {
    400: Story(
        "That request can’t be read",
        "The address or the form came in a form that makes no sense here.",
        "Go back, reload the page and try again.",
        "file-unknown",
    ),
    401: Story("Please sign in", "You are not signed in, or no longer.", "Sign in and try again.", "login"),
    403: Story(
        "That isn’t yours to do",
        "Your role doesn’t allow this.",
        "Ask an administrator if you need it for your work.",
        "lock",
    ),
    404: Story(
        "There is nothing here",
        "The address is wrong, or what was here is gone, or it isn’t yours to see.",
        "Check the address, or look for it from the start page.",
        "map-search",
    ),
    405: Story(
        "That can’t be done here",
        "This address doesn’t take that kind of request.",
        "Go back and use the buttons of the page.",
        "ban",
    ),
    409: Story(
        "That clashes with the present state",
        "Something else was there first.",
        "Go back, reload to see how things stand now, and try again.",
        "git-merge",
    ),
    412: Story(
        "It has changed since you read it",
        "Someone else saved a change in the meantime.",
        "Go back, reload to see their change, and make yours again.",
        "git-merge",
    ),
    413: Story(
        "That is too large",
        "More was sent than can be taken at once.",
        "Split the file and send it in parts.",
        "file-zip",
    ),
    415: Story(
        "That kind of file can’t be read",
        "It was sent in a format that isn’t taken here.",
        "Send it as the page asks.",
        "file-unknown",
    ),
    422: Story(
        "Some of that can’t be taken",
        "A value breaks a rule.",
        "Go back, put it right and send it again.",
        "alert-triangle",
    ),
    429: Story(
        "That was a bit fast",
        "There were too many requests in a short time.",
        "Wait a minute, then try again.",
        "hourglass",
    ),
    500: Story(
        "Something went wrong on our side",
        "It isn’t your fault, nothing was half-saved, and it has been recorded.",
        "Try again in a moment. If it stays, tell us the reference below.",
        "bug",
    ),
    503: Story(
        "We’re not quite there",
        "A part that this page needs doesn’t answer just now.",
        "Try again in a moment; nothing is lost.",
        "plug-connected-x",
    ),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(exc.DBAPIError, _database_error)
    app.register_error_handler(exc.TimeoutError, _database_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _unforeseen)


def error_page(status: int, message: str | None = None) -> Response:
    """The page (or, for htmx, the notice) that tells of an error. `message` says it better than the general words."""
    story = STORIES.get(status) or STORIES[500 if status >= 500 else 400]
    template = "errors/_notice.html" if wants_fragment() else "errors/page.html"
    values = {"status": status, "story": story, "message": message or story.text, "request_id": g.get("request_id", "")}
    try:
        page = render_template(template, **values)
    except (exc.SQLAlchemyError, DomainError):
        # The page asks who is signed in, and the database doesn't answer: it is drawn for a stranger.
        g._login_user = login_manager.anonymous_user()  # noqa: SLF001 - Flask-Login has no other way
        page = render_template(template, **values)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("HX-Request")
    return beside_the_page(response)


def _domain_error(error: DomainError) -> AnyResponse:
    if error.status == 401 and not wants_fragment():
        flash(error.message, "info")
        return redirect(url_for("auth.login", next=request.full_path if request.method == "GET" else None), 303)
    details = "; ".join(wrong.message for wrong in error.errors)
    response = error_page(error.status, f"{error.message} {details}".strip())
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _http_error(error: HTTPException) -> AnyResponse | HTTPException:
    if error.code is None or error.code < 400:
        return error
    said = f"The limit is {told_limit()} MB, and more was sent." if error.code == 413 else None
    if error.description != type(error).description:
        said = error.description
    response = error_page(error.code, said)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    for name, value in error.get_headers():
        if name in ("Retry-After", "WWW-Authenticate"):
            response.headers[name] = value
    return response


def _database_error(error: exc.SQLAlchemyError) -> AnyResponse:
    known = explain(error)
    if known is None:
        raise error
    return _domain_error(known)


def _unforeseen(error: InternalServerError) -> Response:
    """It has been logged and reported by now; this only tells the person."""
    if isinstance(error.original_exception, StaticBuildMissing):
        return _plainly(str(error.original_exception))
    try:
        return error_page(500)
    except (TemplateError, StaticBuildMissing):
        return _plainly(STORIES[500].title)


def _plainly(message: str) -> Response:
    """For when not even a template can be drawn."""
    return Response(f"{message}\nReference: {g.get('request_id', '')}\n", 500, mimetype="text/plain")
