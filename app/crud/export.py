"""The list as a file."""

from flask import Response, flash, redirect, request
from pydantic import ValidationError

from app.core.lists import as_typed_in, query_schema
from app.core.resources import Resource
from app.web.exports import export_list, form_of


def export(resource: Resource, extension: str) -> Response:
    """The list as a file, with the filters of the page it was asked from."""
    form = form_of(extension, request.args)
    try:
        query = query_schema(resource.listing).model_validate(as_typed_in(resource.listing, request.args.to_dict()))
    except ValidationError:
        flash("These filters can't be used, so nothing was exported. The list says which.", "warning")
        return redirect(f"/admin/{resource.key}?{request.query_string.decode()}", 303)  # type: ignore[return-value]
    return export_list(resource.listing, query, form)
