"""The test client: Flask's, but each request stands alone, as it does in production."""

from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from app.extensions import db


class PortalClient(FlaskClient):
    """Each request runs in an application context of its own, whose session is gone when the answer is here: what the
    view forgot to commit is lost, and what the test reads next comes from the database.

    A changing request to a page carries a valid CSRF token, unless `csrf=False`.
    """

    def open(self, *args: Any, buffered: bool = True, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and _is_form(args, kwargs):
            kwargs["headers"] = [*_pairs(kwargs.get("headers")), ("X-CSRFToken", self._csrf_token())]
        db.session.commit()
        with self.application.app_context():
            response = super().open(*args, buffered=buffered, **kwargs)
        db.session.expire_all()
        return response

    def _csrf_token(self) -> str:
        with self.session_transaction() as session:
            secret = session.setdefault("csrf_token", token_hex(16))
        return URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(secret)


def _is_form(args: Any, kwargs: Any) -> bool:
    to_page = bool(args) and isinstance(args[0], str) and not urlsplit(args[0]).path.startswith("/api")
    return to_page and str(kwargs.get("method", "GET")).upper() not in ("GET", "HEAD", "OPTIONS")


def _pairs(headers: Any) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(headers.items()) if hasattr(headers, "items") else list(headers)
