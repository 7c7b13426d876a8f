"""A person's own page: who I am here, and how I want the portal."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.preferences import PreferencesInput, update_preferences, zone_names
from app.extensions import db
from app.portal import theme
from app.portal.blueprint import bp
from app.web.forms import form_class
from app.web.guards import signed_in

THEMES = (("auto", "As the device"), ("light", "Light"), ("dark", "Dark"))


@bp.route("/account", methods=["GET", "POST"])
@signed_in
def account() -> Any:
    kept = {"timezone": current_user.timezone or "", "theme": current_user.theme or "auto"}
    form = form_class(PreferencesInput)(data=kept)
    values = form.new_values() if request.method == "POST" else None
    if isinstance(values, PreferencesInput):
        update_preferences(current_user, values, actor=current_user)
        db.session.commit()
        flash("Your settings are saved.", "success")
        response = redirect(url_for("portal.account"), 303)
        theme.remember(response, values.theme)
        return response
    page = render_template(
        "portal/account.html", form=form, company=current_user.client, zones=zone_names(), themes=THEMES
    )
    return page, 422 if form.problems else 200
