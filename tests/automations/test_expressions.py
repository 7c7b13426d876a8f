"""What expressions answer, to the value and its type; what they refuse, with the place."""

# ruff: noqa: E501 - tables are read best in rows

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.automations.expressions.errors import BadExpression, EvaluationFailed, ExpressionError
from app.automations.expressions.evaluation import evaluate
from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.inference import Names, check_types
from app.automations.expressions.templates import expressions_in, parts_of, render
from tests.automations.expressions import scope, value_of

DATA: dict[str, Any] = {
    "o": {"a": 1, "b": {"c": [10, 20, {"d": "deep"}]}, "with space": 5, "ü": "umlaut"},
    "list": [3, 1, 2],
    "text": "Grüße",
    "nothing": None,
}


def exactly(value: Any) -> Any:
    """1, 1.0 and true are three values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_example_of_each_function_is_true(name: str) -> None:
    source, value = FUNCTIONS[name].example
    assert exactly(value_of(source)) == exactly(value)
    assert name in source
    declared = FUNCTIONS[name].returns
    inferred = check_types(source, Names({}))
    assert inferred in (declared, "any")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        # Numbers are computed in decimal digits.
        ("0.1 + 0.2", 0.3), ("1 - 0.9", 0.1), ("1.1 * 3", 3.3), ("10 / 4", 2.5), ("10 / 5", 2), ("7 // 2", 3),
        ("-7 // 2", -4), ("-7 % 3", 2), ("7 % -3", -2), ("7.5 % 2", 1.5), ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20),
        ("-2 - -3", 1), ("+5", 5), ("1e3", 1000.0), ("1 / 3", 0.3333333333333333), ("100 * 1.15", 115),
        ("123456789012345678 + 1", 123456789012345679), ("3 - 3.0", 0), ("1_000", 1000), ("0x10", 16),
        ("99999999999999999999999999 % 7", 99999999999999999999999999 % 7),
        # Comparisons.
        ("1 == 1.0", True), ("1 == true", False), ("'1' == 1", False), ("null == false", False), ("null == null", True),
        ("0.1 + 0.2 == 0.3", True), ("'a' < 'b'", True), ("1 < 2 < 3", True), ("1 < 3 < 2", False), ("2 >= 2.0", True),
        ("[1, 'a'] == [1.0, 'a']", True), ("{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", True), ("[1] != [2]", True),
        # Words.
        ("true and 5", 5), ("false or 'x'", "x"), ("not 0", True), ("not []", True), ("not {}", True), ("not ' '", False),
        ("None", None), ("True", True), ("1 if '' else 2", 2), ("not true or true", True), ("null or 0", 0),
        # Members.
        ("o.a", 1), ("o['with space']", 5), ("o.b.c[2].d", "deep"), ("o.b.c[-1]['d']", "deep"), ("o.ü", "umlaut"),
        ("o.missing", None), ("o.missing.more", None), ("list[9]", None), ("nothing.a", None), ("text[0]", "G"),
        ("list.a", None), ("text['a']", None),
        # Members that are called like a word of Python's.
        ("{'from': 1, 'x1': {'class': {'in': 2}}}.from", 1), ("{'x1': {'class': {'in': 2}}}.x1.class.in", 2),
        ("{'None': 3}.None", 3), ("1. if true else 2", 1.0), ("'a.from'", "a.from"), ("{'fromage': 4}.fromage", 4),
        # in
        ("2 in list", True), ("2.0 in list", True), ("'üß' in text", True), ("'a' in o", True), ("'z' in o", False),
        ("5 not in list", True), ("true in [1]", False), ("1 in o", False), ("null in [null]", True),
        # Parts.
        ("list[1:]", [1, 2]), ("list[:-1]", [3, 1]), ("text[1:3]", "rü"), ("text[9:]", ""), ("list[:]", [3, 1, 2]),
        # New values.
        ("[x * 2 for x in list if x > 1]", [6, 4]), ("[[y for y in [x]] for x in list]", [[3], [1], [2]]),
        ("[o for o in list]", [3, 1, 2]), ("{'a': o.a, text: 1}", {"a": 1, "Grüße": 1}), ("'a' 'b'", "ab"),
        ("'a' + \"b\"", "ab"), ("[1] + [2]", [1, 2]), ("1 +\n2", 3), ("\t 1 \r\n", 1),
        ("'a\nb\tc'", "a\nb\tc"), ("join(list, '\n')", "3\n1\n2"),
    ],
)  # fmt: skip
def test_an_expression_has_exactly_this_value(source: str, value: Any) -> None:
    assert exactly(value_of(source, **DATA)) == exactly(value)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("text(null)", ""), ("text(true)", "true"), ("text(1.50)", "1.5"), ("text([1, null])", "[1, null]"),
        ("number('1.234.567,8', ',')", 1234567.8), ("number(\"1'499.50\")", 1499.5), ("number(' -5 ')", -5),
        ("number('1,234')", 1234), ("round(2.5)", 3), ("round(-2.5)", -3), ("round(1.005, 2)", 1.01), ("round(1e20)", 1e20),
        ("floor(2.9)", 2), ("ceil(-2.9)", -2), ("abs(-0.5)", 0.5), ("sum([])", 0), ("sum([0.1, 0.2, 0.3])", 0.6),
        ("average([])", None), ("min([])", None), ("max(['b', 'a'])", "b"), ("length({'a': 1})", 1), ("first([])", None),
        ("unique([1, 1.0, '1', true])", [1, "1", True]), ("unique([{'a': 1, 'b': 2}, {'b': 2, 'a': 1}])", [{"a": 1, "b": 2}]),
        ("sort(['b', 'a'])", ["a", "b"]), ("default(0, 5)", 0), ("default(null, 5)", 5), ("upper('straße')", "STRASSE"),
        ("split('a,,b', ',')", ["a", "", "b"]), ("lines('a\\r\\nb')", ["a", "b"]), ("pad_left('12345', 3)", "12345"),
        ("replace('aaa', 'a', 'b')", "bbb"), ("url_encode('ä/ü?')", "%C3%A4%2F%C3%BC%3F"), ("base64('ä')", "w6Q="),
        ("parse_json('{\"a\": 0.1}').a + 0.2", 0.3), ("json(\"ä\")", '"ä"'), ("merge({}, {'a': 1})", {"a": 1}),
    ],
)  # fmt: skip
def test_a_function_has_exactly_this_value(source: str, value: Any) -> None:
    assert exactly(value_of(source)) == exactly(value)


@pytest.mark.parametrize(
    ("source", "zone", "at", "value"),
    [
        ("today()", "UTC", "2026-11-30T20:00", "2026-11-30"), ("today()", "Asia/Tokyo", "2026-11-30T20:00", "2026-12-01"),
        ("today('America/New_York')", "Asia/Tokyo", "2026-11-30T03:00", "2026-11-29"),
        ("today('Pacific/Kiritimati')", "UTC", "2026-11-30T10:00", "2026-12-01"),
        ("now()", "Asia/Tokyo", "2026-11-30T20:00", "2026-11-30T20:00:00Z"),
        ("format_date(now(), 'yyyy-MM-dd HH:mm')", "Europe/Berlin", "2026-10-25T00:30", "2026-10-25 02:30"),
        ("format_date(now(), 'HH:mm')", "Europe/Berlin", "2026-10-25T01:30", "02:30"),
        ("format_date(now(), 'HH:mm', 'en', 'Asia/Kathmandu')", "UTC", "2026-01-01T00:00", "05:45"),
        ("format_date('2026-03-01', 'EEEE, d. MMMM', 'de')", "UTC", "2026-01-01T00:00", "Sonntag, 1. März"),
        ("add_days('2026-02-28', 1)", "UTC", "2026-01-01T00:00", "2026-03-01"),
        ("add_days('2028-02-28', 1)", "UTC", "2026-01-01T00:00", "2028-02-29"),
        ("add_days('2026-03-28T12:00:00+01:00', 1)", "UTC", "2026-01-01T00:00", "2026-03-29T12:00:00+01:00"),
        ("add_hours('2026-10-25T00:30:00Z', 1.5)", "UTC", "2026-01-01T00:00", "2026-10-25T02:00:00Z"),
        ("days_between('2026-12-14', '2026-11-30')", "UTC", "2026-01-01T00:00", -14),
        ("days_between('2026-11-30T00:00:00Z', '2026-11-30T12:00:00+00:00')", "UTC", "2026-01-01T00:00", 0.5),
        ("days_between('2026-11-30T00:00:00Z', '2026-11-30T01:00:00+01:00')", "UTC", "2026-01-01T00:00", 0),
        ("weekday('2026-12-06')", "UTC", "2026-01-01T00:00", 7),
    ],
)  # fmt: skip
def test_days_and_times_across_zones(source: str, zone: str, at: str, value: Any) -> None:
    assert exactly(value_of(source, zone, datetime.fromisoformat(at).replace(tzinfo=UTC))) == exactly(value)


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("", 0), ("   ", 0), ("1 +", 2), ("a.b.c(", 5), ("x ** 2", 0), ("  x ** 2", 2), ("'ä' + x ** 2", 6),
        ("lambda: 1", 0), ("[x, *y]", 4), ("(a for a in b)", 0), ("f'{1}'", 0), ("{1}", 0), ("x := 1", 2), ("b'x'", 0),
        ("1j", 0), ("...", 0), ("x.upper()", 0), ("f(a=1)", 0), ("x[::2]", 2), ("[a for a in b for c in d]", 0),
        ("{**a}", 0), ("a is b", 0), ("1 # more", 2), ("'ä' # more", 4), ("1e400", 0), ("'\\x00'", 0), ("'\\ud800'", 0),
        ("1 + " + "9" * 40, 4), ("a && b", 3), ("yield", 0), ("(lambda: 0)()", 0), ("await x", 0), ("import os", 0),
    ],
)  # fmt: skip
def test_what_is_not_of_the_language_is_refused_with_its_place(source: str, at: int) -> None:
    with pytest.raises(BadExpression) as refused:
        value_of(source)
    assert refused.value.at is not None
    assert refused.value.at == pytest.approx(at, abs=1)


@pytest.mark.parametrize(
    ("source", "words"),
    [("a && b", "Write and"), ("a || b", "Write or"), ("a === b", "Write =="), ("a ? b : c", "a if condition else b"),
     ("x.upper()", "upper(…)"), ("f'{x}'", "Join texts"), ("x ** 2", "no power"), ("{{ x }}", "Leave out the braces"),
     ("'abc", "isn't closed"), ("(1", "isn't closed"), ("1 # x", "no comments")],
)  # fmt: skip
def test_a_refusal_says_what_to_write_instead(source: str, words: str) -> None:
    with pytest.raises(BadExpression) as refused:
        value_of(source)
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("1 / 0", 0), ("x + 1 // 0", 4), ("'ä' == 'ü' or 'a' - 1", 14), ("upper(5)", 0), ("[1, unknown]", 4),
        ("1 < 'a'", 0), ("null < 1", 0), ("'a' + 1", 0), ("true + 1", 0), ("-'a'", 0), ("1 in 5", 0), ("list[true]", 0),
        ("list[1.5]", 0), ("list['a':]", 0), ("5[1:]", 0), ("{1: 2}", 0), ("[a for a in 5]", 0), ("nope(1)", 0),
        ("round(1, 2, 3)", 0), ("round(1, -1)", 0), ("number('abc')", 0), ("number('1e999999999')", 0),
        ("number('nan')", 0), ("parse_json('[1e400]')", 0), ("parse_json('NaN')", 0), ("parse_json('\"\\\\u0000\"')", 0),
        ("sum(['a'])", 0), ("sort([1, 'a'])", 0), ("min([null])", 0), ("replace('a', '', 'b')", 0), ("split('a', '')", 0),
        ("pad_left('a', 1001)", 0), ("pad_left('a', 5, 'xy')", 0), ("today('Mars/Base')", 0), ("add_days('x', 1)", 0),
        ("add_days('9999-12-31', 1)", 0), ("add_days('2026-11-30', 0.5)", 0), ("add_days('2026-11-30', 1e9)", 0),
        ("add_hours('2026-11-30', 1)", 0), ("format_date('2026-11-30', 'd', 'xx')", 0), ("weekday('2026-13-01')", 0),
        ("format_date(now(), 'd', 'en', '../etc')", 0), ("1e300 * 1e300", 0), ("1e300 % 7", 0), ("12345678901234567890 // 1e-20", 0),
        ("days_between('2026-11-30T00:00:00', '2026-11-30T00:00:00Z')", 0), ("o < o", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_says_so_with_its_place(source: str, at: int) -> None:
    with pytest.raises(EvaluationFailed) as failed:
        value_of(source, **DATA, x=1)
    assert failed.value.at == at
    assert failed.value.message.endswith(".")


def test_missing_members_are_null_and_noted() -> None:
    here = scope(**DATA)
    assert evaluate("default(o.typo.more, 1) + default(list[7], 1)", here) == 2
    assert here.missing == ["o.typo", "o.typo.more", "list[7]"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("1 + n", "number"), ("t + any", "text"), ("any + any", "any"), ("n > 1", "boolean"), ("[x for x in l]", "list"),
        ("o.a", "number"), ("o", "object"), ("any.x.y", "any"), ("n if any else n", "number"), ("n if any else t", "any"),
        ("upper(t)", "text"), ("l[0]", "any"), ("l[1:]", "list"), ("t[1:]", "text"), ("null", "null"), ("not n", "boolean"),
        ("n and t", "any"), ("{'a': 1}", "object"), ("[n for n in l]", "list"),
    ],
)  # fmt: skip
def test_the_type_of_an_expression_is_known_before_it_runs(source: str, kind: str) -> None:
    shapes = {"n": "number", "t": "text", "l": "list", "any": "any", "o": {"a": "number"}}
    assert check_types(source, Names(shapes)) == kind


@pytest.mark.parametrize(
    ("source", "at", "words"),
    [
        ("t - 1", 0, "a number"), ("1 - t", 4, "a number"), ("'ää' + n", 0, "text(…)"), ("n < t", 4, "compared"),
        ("  o.b", 2, "There is no b here; there is a."), ("n.a", 0, "no member a"), ("unknown", 0, "nothing called unknown"),
        ("upper(n)", 6, "needs a text"), ("nope()", 0, "no function nope"), ("round()", 0, "round() takes"),
        ("1 in n", 5, "can't look into"), ("[x for x in n]", 12, "needs a list"), ("'ü' == 'ö' and n.x", 15, "no member x"),
        ("l['a':]", 2, "A position needs a number"), ("{n: 1}", 1, "name needs a text"), ("-t", 1, "needs a number"),
        ("steps.z", 0, "no step z"), ("steps['z'].output", 0, "no step z"),
    ],
)  # fmt: skip
def test_what_can_never_be_right_is_found_before_it_runs(source: str, at: int, words: str) -> None:
    shapes = {"n": "number", "t": "text", "l": "list", "o": {"a": "number"}, "steps": "any"}

    def refuse(path: list[str]) -> str | None:
        return "There is no step z." if path[:2] == ["steps", "z"] else None

    with pytest.raises(BadExpression) as refused:
        check_types(source, Names(shapes, refuse))
    assert refused.value.at == at
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ n }}", 5), ("{{n}}", 5), ("{{ o }}", {"a": 1}), ("{{ null }}", None), (" {{ n }}", " 5"), ("{{ n }} {{ n }}", "5 5"),
        ("a{{ null }}b", "ab"), ("{{ [1] }}{{ true }}", "[1]true"), ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ {'a': {'b': 1}}}}!", '{"a": {"b": 1}}!'), ("{{ '}}' }}", "}}"), ("{{ '{{' + '}}' }}", "{{}}"),
        ("{{ \"'}}\" }}x", "'}}x"), ("{{ '\\'}}' }}", "'}}"), ("no braces", "no braces"), ("}} {", "}} {"), ("", ""),
        ({"a": ["{{ n }}", {"b": "{{ o.a }}"}], "n": 1}, {"a": [5, {"b": 1}], "n": 1}), ({"{{ n }}": 1}, {"{{ n }}": 1}),
        (7, 7), (None, None), ("{{ 'a\nb' }}", "a\nb"), ("{{\n n\n}}", 5),
    ],
)  # fmt: skip
def test_templates(template: Any, value: Any) -> None:
    assert exactly(render(template, scope(n=5, o={"a": 1}))) == exactly(value)


@pytest.mark.parametrize(
    ("template", "at"),
    [("{{", 0), ("ab {{ 1", 3), ("{{ 1 }", 0), ("{{ }}", 2), ("a {{ 1 + }} b", 7), ("{{ 1 }} {{ x ** 2 }}", 11),
     ("ä {{ 'ö' + x ** 2 }}", 11), ("{{ 'it }}", 3), ("{{ n }} {{ 1 / 0 }}", 11), ("{{ 'ß' - 1 }}", 3)],
)  # fmt: skip
def test_an_error_in_a_template_has_its_place_in_the_text(template: str, at: int) -> None:
    with pytest.raises(ExpressionError) as failed:
        render(template, scope(n=1, x=1))
    assert failed.value.at == at


def test_expressions_are_found_by_their_pointer() -> None:
    found = {
        place: part.text.strip() for place, part in expressions_in({"a/b": ["x {{ 1 }}"], "c~": "{{ 2 }}", "d": 5})
    }
    assert found == {"/a~1b/0": "1", "/c~0": "2"}
    assert [part.at for part in parts_of("x {{ 1 }} y")] == [0, 4, 9]
