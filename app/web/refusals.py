"""A rule that says no is told where the act was: on its page, or in its form."""

from flask import flash, redirect
from werkzeug.wrappers import Response

from app.core.database_errors import explain
from app.core.errors import DomainError
from app.extensions import db
from app.web.forms import SchemaForm


def told_at(page: str, error: DomainError) -> Response:
    """Take back what was begun, and tell why on that page. What the asker may not do, or know of, is raised."""
    db.session.rollback()
    if error.status in (403, 404):
        raise error
    flash(error.message, "error")
    return redirect(page, 303)


def told_in(form: SchemaForm, error: Exception) -> int:
    """Take back what was begun, and tell why in the form: at the fields that the rule names. The status to answer with.
    What nobody foresaw is raised."""
    db.session.rollback()
    reason = error if isinstance(error, DomainError) else explain(error)
    if reason is None:
        raise error
    form.refuse_because(reason)
    return 422 if reason.errors else reason.status
