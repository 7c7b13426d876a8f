"""API keys on pages: a person's own and, for owners, the company's at /account/api-keys; all of them at
/admin/api-keys. A key is shown once, on the page that answers its making."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    url_for,
)
from flask_login import current_user
from pydantic import Field

from app.auth.api_keys import operations, policy, queries
from app.auth.api_keys.models import ApiKey
from app.auth.api_keys.operations import Made
from app.auth.api_keys.schemas import ApiKeyInput
from app.auth.step_up.views import recently_confirmed
from app.core.schemas import Input
from app.crud.listed import read_list
from app.extensions import db
from app.identity.models import Client
from app.identity.scopes import WORDS, offered
from app.web.forms import SchemaForm, form_class
from app.web.guards import person, staff
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted

own = Blueprint("account_keys", __name__, url_prefix="/account/api-keys")
everyone = Blueprint("api_keys", __name__, url_prefix="/admin/api-keys")
blueprints = (own, everyone)

OVERLAPS = {
    "0": "At once",
    "3600": "In an hour",
    "86400": "In a day",
    "604800": "In a week",
    "2592000": "In 30 days",
}


class RotationForm(Input):
    """When the old key stops."""

    overlap_seconds: Annotated[
        Literal["0", "3600", "86400", "604800", "2592000"], Field(title="When shall the old key stop?")
    ] = "86400"


def summary(asker: Any) -> str:
    number = queries.count_keys(asker.id)
    return {0: "None", 1: "One key"}.get(number, f"{number} keys")


@own.get("")
@person
def index() -> Any:
    keys = queries.list_keys(person=current_user)
    mine = [key for key in keys if policy.is_own(current_user, key)]
    others = [key for key in keys if not policy.is_own(current_user, key)]
    return render_template("account/api_keys.html", mine=mine, others=others, words=WORDS)


@own.get("/new")
@person
@recently_confirmed
def new() -> Any:
    return _form(form_class(ApiKeyInput)(formdata=None))


@own.post("/new")
@person
@recently_confirmed
@makes_one
def create() -> Any:
    with submitted(ApiKeyInput, _form) as values:
        made = operations.create_key(values, actor=current_user)
    return _told_once(made)


@own.get("/<key_id>/rotate")
@person
@recently_confirmed
def ask_to_rotate(key_id: str) -> Any:
    key = queries.get_key(key_id, person=current_user)
    return render_template("account/api_key_rotate.html", key=key, overlaps=OVERLAPS)


@own.post("/<key_id>/rotate")
@person
@recently_confirmed
@makes_one
def rotate(key_id: str) -> Any:
    key = queries.get_key(key_id, person=current_user, for_update=True)
    form = form_class(RotationForm)()
    values = form.new_values()
    if not isinstance(values, RotationForm):
        return render_template("account/api_key_rotate.html", key=key, overlaps=OVERLAPS, problem=True), 422
    overlap = timedelta(seconds=int(values.overlap_seconds))
    with saying_no(at=url_for(".index")):
        made = operations.rotate_key(key, overlap=overlap, actor=current_user)
    return _told_once(made, replaced=key)


@own.get("/<key_id>/revoke")
@person
def ask_to_revoke(key_id: str) -> Any:
    """What can't be undone gets a page of its own."""
    return _ask_to_revoke(key_id, layout="layouts/account.html", for_all=False)


@own.post("/<key_id>/revoke")
@person
def revoke(key_id: str) -> Any:
    return _revoke(key_id)


@everyone.get("", endpoint="index")
@staff
def list_all() -> Any:
    listed = read_list(queries.LISTING, url_for(".index"), usual={"state": "open"}, options=queries.WITH_PEOPLE)
    company_id: UUID | None = getattr(listed.query, "client_id", None)
    return render_template(
        "people/api_keys.html",
        page=listed.page,
        query=listed.query,
        company=db.session.get(Client, company_id) if company_id else None,
        address=listed.cursor_address,
    )


@everyone.get("/<key_id>/revoke", endpoint="ask_to_revoke")
@staff
def ask_to_revoke_any(key_id: str) -> Any:
    return _ask_to_revoke(key_id, layout="layouts/admin.html", for_all=True)


@everyone.post("/<key_id>/revoke", endpoint="revoke")
@staff
def revoke_any(key_id: str) -> Any:
    return _revoke(key_id)


def _ask_to_revoke(key_id: str, **shown: Any) -> Any:
    key = queries.get_key(key_id, person=current_user, also_revoked=True)
    if key.revoked_at is not None:
        return _revoked_already(key)
    return render_template("account/api_key_revoke.html", key=key, **shown)


def _revoke(key_id: str) -> Any:
    key = queries.get_key(key_id, person=current_user, for_update=True, also_revoked=True)
    if key.revoked_at is not None:
        return _revoked_already(key)
    name = key.name
    operations.revoke_key(key, actor=current_user)
    db.session.commit()
    flash(f"“{name}” is revoked. It opens nothing any more.", "success")
    return redirect(url_for(".index"), 303)


def _revoked_already(key: ApiKey) -> Any:
    flash(f"“{key.name}” is revoked already.", "info")
    return redirect(url_for(".index"), 303)


def _form(form: SchemaForm, status: int = 200) -> Response:
    given = form.fields["scopes"].data.splitlines()
    there = offered(current_app)
    scopes = {scope: there[scope] for scope in policy.scopes_of(current_user) if scope in there}
    page = render_template("account/api_key_new.html", form=form, scopes=scopes, given=given)
    return make_response(page, 422 if status == 409 else status)


def _told_once(made: Made, replaced: Any = None) -> Response:
    page = render_template("account/api_key_made.html", key=made.record, secret=made.key, replaced=replaced)
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer
