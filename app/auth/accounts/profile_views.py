"""The first of a person's own pages: who I am here, how I want the portal, and how the rest stands."""

from typing import Annotated, Any, Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.core.audit import Actor, audit_as
from app.core.schemas import Input, Line
from app.core.suggestions import suggest
from app.core.zones import zone_called, zone_names
from app.extensions import db
from app.identity import queries as users
from app.identity.models import User
from app.web import theme
from app.web.account_sections import account_sections
from app.web.forms import form_class
from app.web.guards import signed_in


def _known_zone(value: str) -> str:
    found = zone_called(value, zone_names()) if value else ""
    if found is None:
        raise PydanticCustomError("time_zone", "Choose a time zone from the list, such as “Europe/Berlin”.")
    return found


class PreferencesInput(Input):
    """A person's own settings. Without a time zone, times are shown in the browser's."""

    timezone: Annotated[
        str,
        Line(
            60,
            suggest="timezones",
            help="Type a city, as in “Europe/Berlin”. Leave it empty to use the zone of your browser.",
        ),
        AfterValidator(_known_zone),
        Field(title="Time zone"),
    ] = ""
    theme: Literal["auto", "light", "dark"] = "auto"


def update_preferences(user: User, values: PreferencesInput, *, actor: Actor) -> User:
    """Write them to the user, who is locked for update."""
    audit_as(db.session, actor=actor, action="update-preferences")
    user.timezone = values.timezone or None
    user.theme = None if values.theme == "auto" else values.theme
    db.session.flush()
    return user


ALL = 1_000
"""More than there are time zones: without scripts nothing is looked up while typing."""
THEMES = (("auto", "As the device"), ("light", "Light"), ("dark", "Dark"))


bp = Blueprint("account", __name__)


@bp.route("/account", methods=["GET", "POST"])
@signed_in
def profile() -> Any:
    kept = {"timezone": current_user.timezone or "", "theme": current_user.theme or "auto"}
    form = form_class(PreferencesInput)(data=kept)
    values = form.new_values() if request.method == "POST" else None
    if isinstance(values, PreferencesInput):
        user = users.get_user(current_user.id, for_update=True)
        update_preferences(user, values, actor=current_user)
        db.session.commit()
        flash("Your settings are saved.", "success")
        response = redirect(url_for("account.profile"), 303)
        theme.remember(response, values.theme)
        return response
    sections = [section for section in account_sections(with_summaries=True) if section.current != "page"]
    page = render_template(
        "account/profile.html",
        form=form,
        sections=sections,
        zones=suggest(db.session, "timezones", limit=ALL),
        themes=THEMES,
    )
    return page, 422 if form.problems else 200
