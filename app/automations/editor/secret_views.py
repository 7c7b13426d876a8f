"""The page of a secret: where it is used, replacing its value, deleting it. Nobody reads the value."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, make_response, redirect
from flask_login import current_user

from app.automations.editor.places import Places
from app.automations.kinds import secrets
from app.automations.models import Secret
from app.automations.schemas import SecretChange
from app.automations.secret_operations import change_secret, delete_secret
from app.core.records import get_record
from app.core.sides import Side
from app.crud.record import render_record
from app.web.forms import SchemaForm, form_class
from app.web.refusals import saying_no, submitted

TEMPLATE = "automations/secret.html"


def shown(side: Side) -> Callable[[Secret], Mapping[str, Any]]:
    """What the page of a secret is given."""
    return lambda secret: _context(side, secret, form_class(SecretChange)(formdata=None))


def _context(side: Side, secret: Secret, form: SchemaForm) -> dict[str, Any]:
    secrets.hydrated(secret)
    return {"places": Places(side), "form": form}


def replace(side: Side, ref: str) -> Any:
    met = secrets.met_by(side)

    def page(form: SchemaForm, status: int = 200) -> Any:
        fresh = get_record(met, ref, seen_by=current_user)
        return make_response(render_record(TEMPLATE, met, fresh, **_context(side, fresh, form)), status)

    secret = get_record(met, ref, seen_by=current_user, for_update=True)
    with submitted(SecretChange, page) as values:
        change_secret(secret, values.model_dump(), actor=current_user)
    flash("Value replaced. Steps use the new value from now on.", "success")
    return redirect(met.url(secret), 303)


def delete(side: Side, ref: str) -> Any:
    met = secrets.met_by(side)
    secret = get_record(met, ref, seen_by=current_user, for_update=True)
    name = secret.name
    with saying_no(at=met.url(secret)):
        delete_secret(secret, actor=current_user)
    flash(f"Deleted {name}.", "success")
    return redirect(met.base(), 303)
