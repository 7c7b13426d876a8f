"""The list as a file."""

from flask import Response, flash, redirect, request
from pydantic import ValidationError

from app.core.lists import as_typed_in, query_schema
from app.core.resources import Resource
from app.web.csv import export_csv


def export(resource: Resource) -> Response:
    """The list as a CSV file, with the filters of the page it was asked from."""
    try:
        query = query_schema(resource.listing).model_validate(as_typed_in(resource.listing, request.args.to_dict()))
    except ValidationError:
        flash("These filters can't be used, so nothing was exported. The list says which.", "warning")
        return redirect(f"/admin/{resource.key}?{request.query_string.decode()}", 303)  # type: ignore[return-value]
    return export_csv(resource.listing, query, separator=request.args.get("separator", ","))
