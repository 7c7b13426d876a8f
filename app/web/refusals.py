"""A rule that says no is told where the act was: on its page, or in its form.

with saying_no(at=here):                        # flash the reason, and go there
    archive(record, actor=current_user)
with submitted(ProductInput, page) as values:   # show the form again, with the reason at its fields
    record = create(values, actor=current_user)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import abort, flash, make_response, redirect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.core.database_errors import explain
from app.core.errors import DomainError, FieldError
from app.core.schemas import Input
from app.extensions import db
from app.web.forms import SchemaForm, form_class

I = TypeVar("I", bound=Input)  # noqa: E741
Page = Callable[[int], Any]
Named = Callable[[FieldError], FieldError]


@contextmanager
def saying_no(
    form: SchemaForm | None = None,
    page: Page | None = None,
    *,
    at: str = "",
    named: Named | None = None,
    tell: Callable[[DomainError], Any] | None = None,
) -> Iterator[None]:
    """Do something and commit it. Where it is refused, nothing of it is done, and the view ends with the answer that
    says why: the form's `page`, made for that status, or the page at that address; with both, the form has what is
    wrong with its fields; or what `tell` makes of the reason. `named` renames what an error is about, where the form
    calls it otherwise.

    What the asker may not do is raised, and where it can't be told in a form also what isn't there.
    """
    try:
        yield
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        db.session.rollback()
        reason = error if isinstance(error, DomainError) else explain(error)
        if reason is None or reason.status == 403:
            raise
        if tell is not None:
            abort(make_response(tell(reason)))
        if form is None or page is None or (at and not reason.errors):
            abort(told_at(at, reason))
        errors = reason.errors or (FieldError("", reason.message, reason.code),)
        form.refuse(map(named, errors) if named else errors)
        abort(_in_form(page, reason))


@contextmanager
def submitted(
    schema: type[I],
    page: Callable[[SchemaForm, int], Any],
    *,
    form: SchemaForm | None = None,
    named: Named | None = None,
) -> Iterator[I]:
    """Do something with what was sent in the form of the schema, and commit it. Where that is wrong, or is refused (see
    `saying_no`), the view ends with the form's `page`, made for that status. `form` is one that was made already."""
    sent = form or form_class(schema)()
    values = sent.new_values()
    if not isinstance(values, schema):
        abort(make_response(page(sent, 422)))
    with saying_no(sent, lambda status: page(sent, status), named=named):
        yield values


def told_at(page: str, error: DomainError) -> Response:
    """Say why on that page. What isn't there for the asker is raised."""
    if error.status in (403, 404):
        raise error
    flash(error.message, "error")
    return redirect(page, 303)


def _in_form(page: Page, reason: DomainError) -> Response:
    answer = make_response(page(422 if reason.errors or reason.status == 404 else reason.status))
    if (seconds := getattr(reason, "retry_after", None)) is not None:
        answer.headers["Retry-After"] = str(seconds)
    return answer
