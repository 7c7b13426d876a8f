"""What PostgreSQL can't keep of JSON is kept as what comes nearest."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, cast, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from app.core.json_columns import KeptJSON, storable, stored_text
from app.extensions import db

NUMBERS = st.floats(-1e9, 1e9) | st.sampled_from([float("inf"), float("-inf"), float("nan")])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
        ("\ud83d\ude00 \U0001f600", "\U0001f600 \U0001f600"),
        ({"\0": [float("inf"), float("-inf"), float("nan"), 1.5]}, {"\ufffd": [None, None, None, 1.5]}),
        ({1: Decimal("1.50"), "b": (1, 2)}, {"1": "1.50", "b": [1, 2]}),
    ],
)
def test_what_cannot_be_kept_becomes_what_comes_nearest(value: Any, kept: Any) -> None:
    assert storable(value) == kept


def test_plain_json_is_kept_as_it_is() -> None:
    value = {"a": [1, 2.5, "ü \\u0041 \U0001f600", None, True]}
    assert storable(value) is value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=ANYTHING)
def test_everything_can_be_written(value: Any, db_session: Any) -> None:
    kept = db.session.scalar(select(literal(value, KeptJSON)))
    assert kept == storable(value)
    assert db.session.scalar(select(cast(literal(stored_text(value), Text), JSONB))) == kept


def test_ids_and_times_are_texts_in_a_document() -> None:
    text = stored_text({"id": UUID(int=1), "at": datetime(2026, 12, 1, 9, 30, tzinfo=UTC), "kept": "a\0b"})
    assert json.loads(text) == {
        "id": "00000000-0000-0000-0000-000000000001", "at": "2026-12-01 09:30:00+00:00", "kept": "a\ufffdb",
    }  # fmt: skip
