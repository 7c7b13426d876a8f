"""A rule that says no to a small act is told on the page where the act was."""

from flask import flash, redirect
from werkzeug.wrappers import Response

from app.core.errors import DomainError
from app.extensions import db


def told_at(page: str, error: DomainError) -> Response:
    """Take back what was begun, and tell why on that page. What the asker may not do, or know of, is raised."""
    db.session.rollback()
    if error.status in (403, 404):
        raise error
    flash(error.message, "error")
    return redirect(page, 303)
