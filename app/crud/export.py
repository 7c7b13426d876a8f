"""The list as a file."""

from flask import Response, flash, redirect, request
from flask_login import current_user
from pydantic import ValidationError

from app.core.kinds import Kind, listing_of
from app.core.lists import as_typed_in, query_schema, refuse_what_is_for_staff
from app.identity.policy import is_staff
from app.web.exports import export_list, form_of


def export(kind: Kind, extension: str) -> Response:
    """The list as a file, with the filters of the page it was asked from."""
    spec = listing_of(kind).spec
    form = form_of(extension, request.args)
    try:
        query = query_schema(spec).model_validate(as_typed_in(spec, request.args.to_dict()))
    except ValidationError:
        flash("These filters can't be used, so nothing was exported. The list says which.", "warning")
        return redirect(f"{kind.base()}?{request.query_string.decode()}", 303)  # type: ignore[return-value]
    if not is_staff(current_user):
        refuse_what_is_for_staff(spec, query)
    return export_list(spec, query.model_copy(update=dict(kind.held_to(current_user))), form)
