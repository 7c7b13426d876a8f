"""What the kernel and the guard of pages ask the accounts: they know how one signs in, what else is owed, and what is
closed to staff who see the portal as a customer."""

from typing import Any

from flask import Flask, Response, flash, redirect, url_for

from app.auth.api_keys import hooks as api_keys
from app.auth.api_keys import key_format
from app.auth.errors import SecondFactorRequired
from app.auth.impersonation import hooks as impersonation
from app.auth.mfa import policy as mfa_policy
from app.auth.passwords.hashing import CHEAP_HASHER, Passwords
from app.auth.refresh_tokens.operations import RefreshTokens
from app.auth.sign_in.resumed_form_views import ask_to_sign_in, check_form
from app.core.addresses import under_api
from app.core.sealing import derived_key
from app.identity.authentication import bearer_loader, second_factor_duty
from app.web import guards, htmx
from config import Settings


def init_app(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    app.extensions["passwords"] = Passwords(CHEAP_HASHER) if settings.app_env == "testing" else Passwords()
    app.extensions["refresh_tokens"] = RefreshTokens(derived_key(settings.secret_key, "refresh-tokens"))
    second_factor_duty(app, mfa_policy.owed)
    bearer_loader(key_format.MARK, api_keys.load)
    guards.add_hooks(
        app,
        guards.Hooks(
            ask_to_sign_in=ask_to_sign_in,
            check_form=check_form,
            before_admission=impersonation.check,
            after_admission=ask_for_second_factor,
            why_refused=impersonation.why_closed,
        ),
    )


def ask_for_second_factor(view: Any, person: Any) -> Response | None:
    """Lead somebody who must have a second factor, and has none, to the page that sets one up."""
    if not person.must_add_factor or getattr(view, "also_without_factor", False):
        return None
    if under_api():
        raise SecondFactorRequired
    flash("Your account must have a second factor. Set one up to go on.", "info")
    address = url_for("mfa.two_factor")
    return htmx.go_to(address) if htmx.wants_fragment() else redirect(address, 303)  # type: ignore[return-value]
