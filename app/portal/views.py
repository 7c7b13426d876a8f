"""The ways in, the staff's home, the palette and the switch of colours."""

from typing import Any

from flask import Flask, current_app, redirect, render_template, request
from flask_login import current_user

from app.core.kinds import Kind
from app.extensions import db
from app.jobs.queries import count_jobs, list_jobs
from app.jobs.tasks import title_of
from app.portal import (
    audit,  # noqa: F401 - its views register themselves, as those of the next ones do
    audit_words,
    dashboard,  # noqa: F401
    event_views,  # noqa: F401
    jobs,  # noqa: F401
    palette,
    queries,
)
from app.portal.blueprint import bp
from app.portal.overview import home_of
from app.web import account_sections, htmx, navigation, theme
from app.web.guards import also_when_impersonating, public, signed_in, staff
from app.web.resumed_forms import safe_path

NEWS, FAILURES = 12, 5


def init_app(app: Flask) -> None:
    navigation.init_app(app)
    theme.init_app(app)
    app.jinja_env.globals.update(
        account_sections=account_sections.account_sections,
        event_sentence=audit_words.sentence_of_change,
        fields_beside=audit_words.fields_beside,
        verb_of=audit_words.verb_of,
        news_of_set=audit_words.news_of_set,
        done_of=audit_words.done_of,
        change_summary=audit_words.summary_of,
        job_title=title_of,
        has_page=has_page,
        api_address=api_address,
    )


def has_page(kind: Kind, page: str) -> bool:
    """Whether records of that kind have such a page: `show`, `history`."""
    return f"{kind.key}.{page}" in current_app.view_functions


def api_address(path: str, record: Any) -> str | None:
    """The address of the record in the API, where a browser may open it: the session of the portal opens none there, so
    it is one that everybody reads."""
    endpoint, _ = current_app.url_map.bind("").match(f"{path}/{record.id}")
    operation = getattr(current_app.view_functions[endpoint], "operation", None)
    is_open = operation is not None and operation.allow == "public" and not getattr(record, "is_archived", False)
    return f"{path}/{record.id}" if is_open else None


@bp.get("/")
@signed_in
def index() -> Any:
    return redirect(navigation.home_url(), 303)


@bp.get("/admin/")
@staff
def home() -> str:
    counted = count_jobs(db.session, "todo", "doing", "failed")
    return render_template(
        "portal/home.html",
        counts=queries.count_records(db.session),
        needs=home_of(current_user).needs,
        news=queries.list_news(db.session, NEWS),
        waiting=queries.list_undecided(db.session),
        jobs=counted,
        failed=list_jobs(db.session, state="failed", limit=FAILURES).jobs if counted["failed"] else [],
        running=list_jobs(db.session, state="doing", limit=FAILURES).jobs if counted["doing"] else [],
    )


@bp.get("/admin/palette")
@staff
def find() -> Any:
    """What can be gone to: a page of results, or for the dialog its list alone."""
    q = request.args.get("q", "")[: palette.LONGEST].replace("\0", "").strip()
    groups = palette.find(db.session, q, current_user)
    return htmx.page_or_fragment("portal/palette.html", "portal/_palette_results.html", q=q, groups=groups)


@bp.post("/theme")
@public
@also_when_impersonating
def set_theme() -> Any:
    choice = request.form.get("theme", "")
    response = redirect(safe_path(request.form.get("next")) or "/", 303)
    if choice in theme.CHOICES:
        theme.remember(response, choice)
    return response
