"""The first of a person's own pages: who I am here, how I want the portal, and how the rest stands."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.accounts.preferences import PreferencesInput, update_preferences
from app.core.suggestions import suggest
from app.extensions import db
from app.identity import queries as users
from app.web import theme
from app.web.account_sections import account_sections
from app.web.forms import form_class
from app.web.guards import signed_in

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
