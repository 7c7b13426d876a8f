"""Forms of time: what an operation refuses, shown at the fields that people filled in."""

from app.core.database_errors import explain
from app.core.errors import DomainError, FieldError
from app.extensions import db
from app.web.forms import SchemaForm

_CALLED = {"/minutes": "/hours", "/deliverable_id": "/work"}


def refuse(form: SchemaForm, error: Exception) -> int:
    """Take back what was begun, and say why at the fields. The answer is the status of the page; what the asker may not
    do, and what isn't understood, is raised."""
    db.session.rollback()
    reason = error if isinstance(error, DomainError) else explain(error)
    if reason is None or reason.status in (403, 503):
        raise error
    form.refuse(_in_form(form, each) for each in reason.errors or [FieldError("", reason.message, reason.code)])
    return 422 if reason.errors or reason.status == 404 else reason.status


def _in_form(form: SchemaForm, error: FieldError) -> FieldError:
    called = _CALLED.get(error.pointer, error.pointer)
    known = called.removeprefix("/") in form.fields
    return FieldError(called if known else error.pointer, error.message, error.code)
