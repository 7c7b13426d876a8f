"""Flask-Login, reduced to what the portal wants of it: `current_user`, found from the request alone.

Sign-ins are rows of our own, so Flask-Login's session keys and its "remember me" cookie have no part here. Leaving them
out also leaves the signed cookie session untouched on answers that don't need one, which lets caches keep them.
"""

from typing import Any

from flask import Flask, Request, request
from flask.globals import app_ctx
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, current_user
from flask_login.utils import _user_context_processor


def who() -> Any:
    """`current_user` itself, for those who ask it for several things at every request: each is a search of its own
    through the proxy."""
    known = app_ctx.g.get("_login_user")
    return known if known is not None else current_user._get_current_object()  # noqa: SLF001 - the documented way


class FormSessions(SecureCookieSessionInterface):
    """The framework's own sessions, without a look for a signature where no cookie came along."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()


class RequestLogin(LoginManager):  # type: ignore[misc]
    def init_app(self, app: Flask, add_context_processor: bool = True) -> None:
        app.login_manager = self  # type: ignore[attr-defined]
        app.session_interface = FormSessions()
        if add_context_processor:
            app.context_processor(_user_context_processor)

    def _load_user(self) -> Any:
        self._update_request_context_with_user(self._load_user_from_request(request))


login_manager = RequestLogin()
