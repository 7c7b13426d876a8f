"""A person's own passkeys: /account/passkeys."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_login import current_user

from app.auth.errors import WrongPasskey
from app.auth.mfa import operations, passkey_operations, queries
from app.auth.mfa.forms import NewPasskeyForm, PasskeyNameForm
from app.auth.mfa.relying_party import better_address
from app.auth.step_up.views import recently_confirmed
from app.extensions import db
from app.identity import authentication
from app.identity import queries as users
from app.identity.authentication import device
from app.identity.models import User
from app.web.guards import also_without_factor, person

bp = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")
_NOT_IN_A_NAME = "Leave control characters out of the name."


def summary(who: Any) -> str:
    return {0: "None yet", 1: "1 passkey"}.get(count := len(queries.passkeys_of(who.id)), f"{count} passkeys")


@bp.get("")
@person
@also_without_factor
def index() -> Any:
    return _page(PasskeyNameForm(formdata=None))


@bp.get("/new")
@person
@also_without_factor
@recently_confirmed
def new() -> Any:
    return _new_page(NewPasskeyForm(formdata=None, name=device().name))


@bp.post("/options")
@person
@also_without_factor
@recently_confirmed
def options() -> Any:
    """What the browser is to ask of the device."""
    asked = passkey_operations.ask_to_add(_user(), binding=str(current_user.session_id))
    db.session.commit()
    return Response(asked, mimetype="application/json")


@bp.post("")
@person
@also_without_factor
@recently_confirmed
def add() -> Any:
    form = NewPasskeyForm()
    if not _is_good(form):
        return _new_page(form, 422)
    try:
        made = passkey_operations.new_passkey(
            form.credential.data or "", _user(), form.name.data.strip(), binding=str(current_user.session_id)
        )
    except WrongPasskey as error:
        db.session.commit()
        return _new_page(form, 422, error.message)
    operations.add_passkey(_user(), made, session=authentication.current_session(), actor=current_user)
    db.session.commit()
    flash(f"The passkey “{made.name}” is added. You can sign in with it from now on.", "success")
    return redirect(url_for("passkeys.index"), 303)


@bp.post("/<uuid:passkey_id>/name")
@person
@also_without_factor
def rename(passkey_id: UUID) -> Any:
    passkey = queries.get_passkey(passkey_id, _user().id)
    form = PasskeyNameForm()
    if not _is_good(form):
        return _page(form, 422, renaming=passkey_id)
    operations.rename_passkey(_user(), passkey, form.name.data.strip(), actor=current_user)
    db.session.commit()
    flash("The passkey has its new name.", "success")
    return redirect(url_for("passkeys.index"), 303)


@bp.post("/<uuid:passkey_id>/remove")
@person
@also_without_factor
@recently_confirmed
def remove(passkey_id: UUID) -> Any:
    passkey = queries.get_passkey(passkey_id, _user().id)
    operations.remove_passkey(_user(), passkey, actor=current_user)
    db.session.commit()
    flash(f"The passkey “{passkey.name}” is removed. Delete it on your device too; it opens nothing here.", "success")
    return redirect(url_for("passkeys.index"), 303)


def _is_good(form: PasskeyNameForm) -> bool:
    if not form.validate():
        return False
    if not form.name.data.strip().isprintable() or not form.name.data.strip():
        form.name.errors = [_NOT_IN_A_NAME if form.name.data.strip() else "Give the passkey a name."]
        return False
    return True


def _user() -> User:
    return users.get_user(current_user.id)


def _page(form: PasskeyNameForm, status: int = 200, renaming: UUID | None = None) -> Response:
    page = render_template(
        "account/passkeys.html", form=form, renaming=renaming, passkeys=queries.passkeys_of(current_user.id)
    )
    return make_response(page, status)


def _new_page(form: NewPasskeyForm, status: int = 200, problem: str | None = None) -> Response:
    page = render_template("account/passkey_new.html", form=form, problem=problem, better_address=better_address())
    return make_response(page, status)
