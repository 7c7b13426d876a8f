"""A rule that says no is told where the act was: on its page, or in its form.

with saying_no(at=here):                        # flash the reason, and go there
    archive(record, actor=current_user)
with saying_no(form, lambda status: page(form, status)):   # show the form again, with the reason at its fields
    record = create(values, actor=current_user)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, flash, make_response, redirect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.core.database_errors import explain
from app.core.errors import DomainError
from app.extensions import db
from app.web.forms import SchemaForm

Page = Callable[[int], Any]


@contextmanager
def saying_no(form: SchemaForm | None = None, page: Page | None = None, *, at: str = "") -> Iterator[None]:
    """Do something and commit it. Where it is refused, nothing of it is done, and the view ends with the answer that
    says why: the form's `page`, made for that status, or the page at that address.

    What the asker may not do is raised, and where there is no form also what isn't there.
    """
    try:
        yield
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        db.session.rollback()
        reason = error if isinstance(error, DomainError) else explain(error)
        if reason is None or reason.status == 403:
            raise
        abort(told_at(at, reason) if form is None or page is None else _told_in(form, page, reason))


def _told_in(form: SchemaForm, page: Page, reason: DomainError) -> Response:
    form.refuse_because(reason)
    answer = make_response(page(422 if reason.errors else reason.status))
    if (seconds := getattr(reason, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(seconds)
    return answer


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
