"""Forms of time: what an operation refuses, shown at the fields that people filled in."""

from functools import partial

from app.core.errors import FieldError
from app.web.forms import SchemaForm
from app.web.refusals import Named

_CALLED = {"/minutes": "/hours", "/deliverable_id": "/work"}


def named_in(form: SchemaForm) -> Named:
    """Says which field of the form an error is about."""
    return partial(_in_form, form)


def _in_form(form: SchemaForm, error: FieldError) -> FieldError:
    called = _CALLED.get(error.pointer, error.pointer)
    known = called.removeprefix("/") in form.fields
    return FieldError(called if known else error.pointer, error.message, error.code)
