"""Amounts and numbers wherever they are taken: three decimals are refused, and what people write is read."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, get_args

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.api.bodies import parse_json
from app.core.kinds import listings
from app.core.lists import as_typed_in, query_schema
from app.core.schemas import Amount, Input, Number, control_of
from app.web.forms import form_class
from app.web.forms.fields import AmountField, NumberField, SchemaField

THREE_DECIMALS = ['"1.500"', '"1.000"', '"50.000"', "1.500", "1.000", "1.005", "1e-3", "0.0010"]


def input_schemas() -> list[type[Input]]:
    found: list[type[Input]] = []
    ahead: list[type[Input]] = [Input]
    while ahead:
        below = [schema for schema in ahead.pop().__subclasses__() if not schema.__name__.endswith("Patch")]
        ahead += below
        found += [schema for schema in below if schema.__module__.startswith("app.")]
    return found


def drawn_schemas() -> list[type[Input]]:
    """Those that a form can have. A field that is called like a method of forms is for the API alone."""
    return [schema for schema in input_schemas() if not schema.model_fields.keys() & set(dir(Form))]


@cache
def number_fields() -> list[tuple[str, FieldInfo, Amount | Number]]:
    return [
        (f"{schema.__name__}.{name}", info, control)
        for schema in input_schemas()
        for name, info in schema.model_fields.items()
        if isinstance(control := control_of(info), Amount | Number)
    ]


def judge(info: FieldInfo, value: Any) -> str | None:
    """The code of what is wrong with a field's value."""
    try:
        TypeAdapter(info.annotation if not info.metadata else _annotated(info)).validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["type"]
    return None


def _annotated(info: FieldInfo) -> Any:
    return Annotated[info.annotation, *info.metadata]


def test_walk_finds_the_fields(app: Flask) -> None:
    names = {name for name, *_ in number_fields()}
    assert names >= {
        "ProductInput.price", "OfferingInput.price_from", "ProjectInput.budget", "ProjectRequest.budget",
        "ProjectRequest.hours_per_week", "DeliverableInput.estimate_hours", "DeliverableInput.budget",
        "ChangeOrderInput.budget_change", "DeliverableChange.budget", "LoggedTimeInput.hourly_rate",
        "ApprovalInput.hourly_rate", "MatchRequestInput.max_hourly_rate", "MatchRequestInput.hours_per_week",
        "AssistantInput.hourly_rate", "AvailabilityInput.weekly_hours", "TeamInput.capacity", "MemberInput.share",
        "DeliverQuestion.hours", "TimeInput.minutes",
    }  # fmt: skip


def test_every_decimal_says_what_it_is(app: Flask) -> None:
    """A Decimal with no word of its decimals would take 1.500 for 1.5."""
    plain = [
        f"{schema.__name__}.{name}"
        for schema in input_schemas()
        for name, info in schema.model_fields.items()
        if Decimal in (info.annotation, *get_args(info.annotation)) and control_of(info) is None
    ]
    assert plain == []


@pytest.mark.parametrize("written", THREE_DECIMALS)
def test_every_field_refuses_three_decimals(app: Flask, written: str) -> None:
    value = parse_json(f'{{"value": {written}}}'.encode())["value"]
    taken = {name: code for name, info, control in number_fields() if (code := judge(info, value)) not in REFUSED}
    assert taken == {}


REFUSED = {"ambiguous", "decimals", "int_parsing"}


def test_two_decimals_are_taken_and_stay(app: Flask) -> None:
    for name, info, control in number_fields():
        for written in ('"0.50"', "0.50", "5e-1"):
            value = parse_json(f'{{"value": {written}}}'.encode())["value"]
            assert judge(info, value) == (None if control.decimals else "int_parsing"), name


def test_every_filter_refuses_three_decimals(app: Flask) -> None:
    filters = [
        (listing.spec, filter_.name)
        for listing in listings()
        for filter_ in listing.spec.filters
        if filter_.control == "amount"
    ]
    assert {name for _, name in filters} >= {"min_price", "max_price", "max_rate", "min_rating", "hours"}
    for spec, name in filters:
        for typed in ("1.500", "1.000", "0.500", "1,500", "2,50"):
            with pytest.raises(ValidationError):
                query_schema(spec).model_validate({name: typed})
        assert getattr(query_schema(spec).model_validate(as_typed_in(spec, {name: "2,50 €"})), name) == Decimal("2.50")


def test_every_whole_number_of_a_schema_refuses_a_text_with_a_point(app: Flask) -> None:
    """A plain `int` takes "1.000" for 1, and who wrote it may mean 1000."""
    schemas = [*input_schemas(), *(query_schema(listing.spec) for listing in listings())]
    taken = {
        f"{schema.__name__}.{name}"
        for schema in schemas
        for name, info in schema.model_fields.items()
        if int in (info.annotation, *get_args(info.annotation)) and judge(info, "1.000") is None
    }
    assert taken == set()


def drawn_fields(fields: dict[str, SchemaField]) -> Iterator[SchemaField]:
    for field in fields.values():
        if isinstance(field, AmountField | NumberField):
            yield field
        elif hasattr(field, "parts"):
            yield from drawn_fields(field.parts)
        elif hasattr(field, "row_schema"):
            yield from drawn_fields(field._row(0, None, {}).fields)


@pytest.mark.parametrize("typed", ["1.500", "50.000", "1,500", "1.200", "1.500 €"])
def test_every_form_field_asks_and_keeps_what_was_typed(app: Flask, typed: str) -> None:
    with app.test_request_context(method="POST"):
        for schema in drawn_schemas():
            for field in drawn_fields(form_class(schema)(formdata=None, meta={"csrf": False}).fields):
                field.process(MultiDict({field.name: typed}))
                assert judge(field.info, field.value()) in REFUSED, f"{schema.__name__}.{field.name}"
                assert field.data == typed


@pytest.mark.parametrize(
    ("typed", "plain"),
    [("0,50", "0.50"), ("0.50 €", "0.50"), (" 0,5 ", "0.5"), ("€ 0.50", "0.50"), ("CHF 1.–", "1")],
)
def test_every_form_field_reads_what_people_write(app: Flask, typed: str, plain: str) -> None:
    with app.test_request_context(method="POST"):
        for schema in drawn_schemas():
            for field in drawn_fields(form_class(schema)(formdata=None, meta={"csrf": False}).fields):
                field.process(MultiDict({field.name: typed}))
                assert field.value() == plain, f"{schema.__name__}.{field.name}"


def numbers_in(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        kinds = {choice.get("type") for choice in part.get("anyOf", ()) if isinstance(choice, dict)}
        if {"number", "string"} <= kinds:
            yield part
        for below in part.values():
            yield from numbers_in(below)
    elif isinstance(part, list):
        for below in part:
            yield from numbers_in(below)


def test_openapi_tells_the_truth(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").json
    found = list(numbers_in(document))
    assert len(found) > 20
    for schema in found:
        pattern = next(c["pattern"] for c in schema["anyOf"] if c.get("type") == "string" and "pattern" in c)
        step = next(c["multipleOf"] for c in schema["anyOf"] if c.get("type") == "number")
        assert step in (1, 0.01)
        assert not re.search(pattern, "1.500"), json.dumps(schema)
        assert not re.search(pattern, "50.000"), json.dumps(schema)
