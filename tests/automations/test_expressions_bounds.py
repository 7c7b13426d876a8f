"""Whatever an expression asks for, it ends soon, and its values stay small: by construction, not by a clock."""

# ruff: noqa: E501, PT012, PT017 - tables are read best in rows, and an error is one of two good ends

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.automations.expressions.errors import BadExpression, EvaluationFailed, ExpressionError, TooMuch
from app.automations.expressions.evaluation import LARGEST, MOST_WORK, Scope, evaluate
from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.inference import Names, check_types
from app.automations.expressions.registry import DEEPEST
from app.automations.expressions.syntax import LONGEST, MOST_NODES, parse
from app.automations.expressions.templates import LARGEST_RENDERED, parts_of, render
from tests.automations.expressions import AT, scope

SECONDS = 5.0
"""Far above what any of it takes; a machine may be busy."""


def deep(levels: int) -> Any:
    made: Any = []
    for _ in range(levels):
        made = [made]
    return made


DATA: dict[str, Any] = {
    "l": list(range(1_000)), "t": "x" * 1_000_000, "u": "x" * 999_999 + "y", "deep": deep(3_000), "o": {"a": 1}, "n": 7
}  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "[[[a + b + c for a in l] for b in l] for c in l]", "[i in l for i in l]", "[t == u for i in l]",
        "['y' in t for i in l]", "[t[1:] for i in l]", "[starts_with(t, u) for i in l]", "[upper(t) for i in l]",
        "t + t", "[t + 'a' for i in l]", "replace(replace(t, 'x', 'xx'), 'x', 'xx')", "join([t for i in l], t)",
        "split(t, 'x')", "[split(t, 'xx') for i in l]", "text([t for i in l])", "json([[t for i in l] for j in l])",
        "unique([t for i in l])", "[sort(l) for i in l]", "[pad_left('', 1000) for i in l + l]", "[sum(l) for i in l]",
        "url_encode(t) + url_encode(t)", "base64(t) + 'a'", "deep == deep", "deep in [deep]", "json(deep)", "text(deep)",
        "unique([deep])", "parse_json('" + "[" * 900 + "]" * 900 + "')", "parse_json('" + "[" * 200 + "]" * 200 + "')",
        "[[{'a': i, 'b': j} for i in l] for j in l]", "[merge(o, {'b': i}) for i in [j for j in l + l + l]] + [l for i in l]",
        "[[l + l for i in l] for j in l]", "[reverse(l) for i in l + l]", "[lines(t) for i in l]",
        "[[format_date('2026-11-30', 'EEEE d MMMM yyyy', 'de') for i in l] for j in l]",
    ],
)  # fmt: skip
def test_it_is_too_much(source: str) -> None:
    begun = time.perf_counter()
    with pytest.raises((TooMuch, EvaluationFailed)):
        render("{{ " + source + " }}", Scope(DATA, AT))
    assert time.perf_counter() - begun < SECONDS


@pytest.mark.parametrize(
    "source",
    [
        "9" * 3_900, "0x" + "f" * 3_900, "(" * 1_500 + "1" + ")" * 1_500, "-" * 3_000 + "1", "not " * 900 + "1", "a" + ".b" * 1_900,
        "l" + "[0]" * 1_300, "[" * 1_900, "1" + "+1" * 1_900, "{" * 1_000 + "}" * 1_000, "1 if " * 700 + "1", "f(" * 1_500,
        "[x for x in " * 300 + "l" + "]" * 300, "a" * (LONGEST + 1), "'" + "a" * 3_990, "x" * 3_000 + " y", "1," * 1_900,
    ],
)  # fmt: skip
def test_a_text_of_four_thousand_characters_is_refused_at_once(source: str) -> None:
    begun = time.perf_counter()
    for reads in (
        parse,
        lambda text: check_types(text, Names({"l": "list", "a": "any"})),
        lambda text: evaluate(text, scope()),
    ):
        with pytest.raises(ExpressionError):
            reads(source)
    assert time.perf_counter() - begun < SECONDS


def test_the_largest_expressions_that_are_allowed_work() -> None:
    assert evaluate("1" + "+1" * 48, scope()) == 49
    assert evaluate("[" + ",".join("1" * 990) + "]", scope()) == [1] * 990
    assert evaluate("'" + "a" * (LONGEST - 2) + "'", scope()) == "a" * (LONGEST - 2)
    assert evaluate("(" * 100 + "1" + ")" * 100, scope()) == 1
    assert MOST_NODES == 1_000


def test_one_budget_serves_all_expressions_of_a_step() -> None:
    here = Scope(DATA, AT)
    with pytest.raises(TooMuch):
        render({str(number): "{{ [i * 2 for i in l] }}" for number in range(100)}, here)
    assert here.budget.work < MOST_WORK


@pytest.mark.parametrize(
    "template",
    ["{{" * 2_000, "{{ x " * 500, "{{ '" + "}}" * 2_000, "{{ (" + "}}" * 30_000, "{{ '" + "}}" * 2_000 + "' ** 2 }}" * 10,
     "{" * 50_000, "{{ {" * 10_000],
)  # fmt: skip
def test_braces_that_are_never_closed_are_found_at_once(template: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(BadExpression):
        parts_of(template)
    assert time.perf_counter() - begun < SECONDS


def test_a_text_that_is_named_a_thousand_times_is_not_written_a_thousand_times() -> None:
    for template in (
        "{{ [t for i in l] }}",
        "a {{ [t for i in l] }}",
        ["{{ t }}"] * 20,
        {"a": "{{ [[t for i in l]] }}"},
    ):
        with pytest.raises(TooMuch):
            render(template, Scope(DATA, AT))
    assert len(json.dumps(render(["{{ t }}"] * 3, Scope(DATA, AT)))) < LARGEST_RENDERED


def test_values_nested_by_step_after_step_stay_readable() -> None:
    value: Any = 1
    with pytest.raises(TooMuch, match=f"more than {DEEPEST} deep"):
        for _ in range(10):
            value = render("{{ " + "[" * 40 + "v" + "]" * 40 + " }}", scope(v=value))
    json.dumps(value)


names = st.sampled_from(["l", "t", "o", "n", "deep", "small", "nothing"])
numbers = st.one_of(st.integers(-(10**20), 10**20).map(str), st.floats(allow_nan=False, allow_infinity=False).map(repr))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12).map(repr)
leaves = st.one_of(
    names, numbers, texts, st.sampled_from(["true", "false", "null", "[]", "{}", "''", "'2026-11-30'", "now()"])
)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "==", "!=", "<", ">=", "in", "not in", "and", "or"])
    arguments = st.lists(inner, max_size=4).map(", ".join)
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda three: "({} {} {})".format(*three)),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), arguments).map("{0[0]}({0[1]})".format),
        st.tuples(inner, inner).map("{0[0]}[{0[1]}]".format),
        st.tuples(inner, inner, inner).map("{0[0]}[{0[1]}:{0[2]}]".format),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(inner, names, inner).map("[{0[0]} for n in {0[1]} if {0[2]}]".format),
        st.tuples(texts, inner).map("{{{0[0]}: {0[1]}}}".format),
        st.lists(inner, max_size=4).map(lambda some: f"[{', '.join(some)}]"),
        inner.map("(not {})".format), inner.map("(-{})".format), inner.map("({}).a".format),
    )  # fmt: skip


RANDOM = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(source: str) -> None:
    """It has a value that JSON can hold, or a named error with its place, and inference agrees with what came out."""
    values = {**DATA, "l": [1, "a", None, 2.5], "t": "Grüße" * 50, "small": {"a": [1]}, "nothing": None}
    here = Scope(values, AT)
    kind = error = None
    try:
        kind = check_types(source, Names(dict.fromkeys(values, "any")))
    except BadExpression as refused:
        error = refused
    try:
        value = (
            render("{{ " + source + " }}", here)
            if "{{" not in source and "}}" not in source
            else evaluate(source, here)
        )
    except ExpressionError as failed:
        assert failed.at is None or 0 <= failed.at <= len(source) + 3
        return
    assert here.budget.work >= 0
    assert error is None or not isinstance(error, TooMuch)
    assert len(json.dumps(value, allow_nan=False)) < 8 * LARGEST_RENDERED
    called = {
        bool: "boolean",
        str: "text",
        int: "number",
        float: "number",
        list: "list",
        dict: "object",
        type(None): "null",
    }
    assert kind is None or kind in ("any", called[type(value)]), (source, kind, value)


@RANDOM
@given(st.recursive(leaves, larger, max_leaves=12))
def test_any_expression_has_a_value_or_a_named_error(source: str) -> None:
    check(source)


@RANDOM
@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_by_name(source: str) -> None:
    check(source)


@RANDOM
@given(st.text(st.sampled_from("{}'\"\\ ax1+-*/[]().,:\n#ä"), max_size=60))
def test_any_text_of_signs_is_a_template_or_refused_by_name(text: str) -> None:
    check(text)
    try:
        render(text, scope(a=1, x="b"))
    except ExpressionError as failed:
        assert failed.at is None or 0 <= failed.at <= len(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@RANDOM
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(json_values, min_size=1, max_size=4))
def test_every_function_takes_any_values(name: str, values: list[Any]) -> None:
    here = {f"v{number}": value for number, value in enumerate(values)}
    source = f"{name}({', '.join(here)})"
    try:
        made = render("{{ " + source + " }}", scope(**here))
    except ExpressionError as failed:
        assert failed.message
    else:
        json.dumps(made, allow_nan=False)
        assert FUNCTIONS[name].returns in ("any", _called(made)) or made is None


def _called(value: Any) -> str:
    kinds = {
        bool: "boolean",
        str: "text",
        int: "number",
        float: "number",
        list: "list",
        dict: "object",
        type(None): "null",
    }
    return kinds[type(value)]


@RANDOM
@given(json_values)
def test_a_value_passes_through_unchanged(value: Any) -> None:
    assert render("{{ v }}", scope(v=value)) == value
    assert render("{{ parse_json(json(v)) }}", scope(v=value)) == value
    assert render("{{ v == v }}", scope(v=value)) is True


def test_the_size_of_new_values_is_bounded() -> None:
    assert LARGEST == 1 << 20
