"""Pages to manage applications: a company's own at /account/company/applications, all of them at /admin/applications.

A secret is shown once, on the page that answers its making.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.oauth import operations, queries
from app.auth.oauth.operations import NewApplication
from app.auth.oauth.policy import scopes_to_offer
from app.auth.oauth.schemas import ApplicationInput
from app.extensions import db
from app.identity.policy import is_admin
from app.identity.scopes import WORDS, offered
from app.web.forms import SchemaForm, form_class
from app.web.guards import admin, owner
from app.web.once import makes_one
from app.web.refusals import submitted

GRANT_TYPES = (
    ("authorization_code", "It acts for people who let it in", "They are asked first, on a page of ours."),
    ("refresh_token", "It goes on without asking them again", "For 90 days at most."),
    ("client_credentials", "It acts for the company itself", "With no person, for programs that run by themselves."),
)

company = Blueprint("company_applications", __name__, url_prefix="/account/company/applications")
everyone = Blueprint("applications", __name__, url_prefix="/admin/applications")
blueprints = (company, everyone)


def index() -> Any:
    found = queries.list_applications(client_id=current_user.client_id, of_all=_is_for_all())
    return _page("oauth/applications.html", found=found)


def new() -> Any:
    return _form(form_class(ApplicationInput)(formdata=None))


@makes_one
def create() -> Any:
    with submitted(ApplicationInput, _form) as values:
        if not _is_for_all():
            values.company_id = current_user.client_id
        made = operations.register_application(values, person=current_user, actor=current_user)
    return _secret_page(made, is_new=True)


def show(reference: str) -> Any:
    application = queries.get_application(reference, person=current_user)
    return _page(
        "oauth/application.html",
        application=application,
        company=queries.company_of(application),
        people=queries.count_grants(application.id),
    )


@makes_one
def rotate(reference: str) -> Any:
    application = queries.get_application(reference, person=current_user, for_update=True)
    made = operations.rotate_secret(application, actor=current_user)
    db.session.commit()
    return _secret_page(made, is_new=False)


def remove(reference: str) -> Any:
    application = queries.get_application(reference, person=current_user, for_update=True)
    name = application.name
    operations.delete_application(application, actor=current_user)
    db.session.commit()
    flash(f"“{name}” is deleted. Its tokens open nothing any more.", "success")
    return redirect(url_for(".index"), 303)


def ask_to_remove(reference: str) -> Any:
    """What can't be undone gets a page of its own."""
    application = queries.get_application(reference, person=current_user)
    people = queries.count_grants(application.id)
    return _page("oauth/delete.html", application=application, people=people)


def _is_for_all() -> bool:
    return request.blueprint == everyone.name


def _page(template: str, status: int = 200, **context: Any) -> Response:
    layout = "layouts/admin.html" if _is_for_all() else "layouts/account.html"
    page = render_template(template, layout=layout, for_all=_is_for_all(), words=WORDS, **context)
    return make_response(page, status)


def _form(form: SchemaForm, status: int = 200) -> Response:
    companies = queries.list_companies() if _is_for_all() and is_admin(current_user) else ()
    given = {name: form.fields[name].data.splitlines() for name in ("grant_types", "scopes")}
    there = offered(current_app)
    return _page(
        "oauth/new.html",
        status,
        form=form,
        grant_types=GRANT_TYPES,
        given=given,
        offered={scope: there[scope] for scope in scopes_to_offer(current_user) if scope in there},
        companies=companies,
    )


def _secret_page(made: NewApplication, *, is_new: bool) -> Response:
    page = _page("oauth/secret.html", application=made.application, secret=made.secret, is_new=is_new)
    page.headers["Cache-Control"] = "no-store"
    return page


def _for(audience: Callable[[Any], Any], view: Callable[..., Any]) -> Callable[..., Any]:
    """The view under an audience of its own: both addresses share what it does."""

    @wraps(view)
    def shown(**path: str) -> Any:
        return view(**path)

    return cast("Callable[..., Any]", audience(shown))


for blueprint, audience in ((company, owner), (everyone, admin)):
    for rule, method, view in (
        ("", "GET", index),
        ("/new", "GET", new),
        ("/new", "POST", create),
        ("/<reference>", "GET", show),
        ("/<reference>/secret", "POST", rotate),
        ("/<reference>/delete", "GET", ask_to_remove),
        ("/<reference>/delete", "POST", remove),
    ):
        blueprint.add_url_rule(rule, view_func=_for(audience, view), methods=[method])
