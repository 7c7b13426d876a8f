"""The forms of people's pages, out of their schemas. A company may be typed by its name; the schema gets its id."""

from collections.abc import Sequence
from typing import Annotated, Any

from flask import request
from pydantic import Field
from werkzeug.datastructures import MultiDict

from app.auth.people import queries
from app.core.ids import as_uuid
from app.core.schemas import Input, Line
from app.web.forms import SchemaForm, form_class

COMPANY_FIELD = "client_id"
_MOST_TYPED = 200


class ReasonInput(Input):
    """Why staff do what they do."""

    reason: Annotated[str, Line(200, min_length=3, help="It is kept in the audit."), Field(title="Reason")]


class MergeInput(Input):
    """The account or company that stays."""

    into: Annotated[str, Line(_MOST_TYPED, min_length=1), Field(title="Merge into")]


def form_with_company(schema: type[Input], data: dict[str, Any] | None = None) -> SchemaForm:
    """The form of a schema that has `client_id`, with what was typed there looked up, and companies to choose from."""
    sent = MultiDict(request.form) if request.method == "POST" else None
    typed = (sent.get(COMPANY_FIELD, "") if sent else "").strip()[:_MOST_TYPED]
    found = queries.find_company(typed) if typed else None
    if sent is not None and typed:
        sent[COMPANY_FIELD] = str(found.id) if found else typed
    form = form_class(schema)(formdata=sent, data=data)
    field = form.fields[COMPANY_FIELD]
    field.suggest = "companies"
    return form


def show_company(form: SchemaForm) -> SchemaForm:
    """Draw the form with the company's name in the place of its id."""
    field = form.fields[COMPANY_FIELD]
    field.suggestions = [client.name for client in queries.company_names()]
    found = queries.get_company(as_uuid(field.data))
    if found is not None:
        field.data = found.name if queries.find_company(found.name) else str(found.id)
    elif field.errors and field.data.strip():
        field.errors = ["There is no such company, or several are called so. Choose one of the list, or give its id."]
    return form


def suggest_companies(prefix: str, limit: int) -> Sequence[str]:
    """Names of companies that begin so."""
    return [client.name for client in queries.company_names(prefix, limit)]
