"""Lists of parts that are given whole."""

from dataclasses import dataclass

import pytest

from app.core.errors import FieldError
from app.core.parts import NoSuchPart, reconcile


@dataclass(eq=False)
class Line:
    name: str
    position: int = 0
    id: int | None = None


def there():
    return {key: Line(name, at, key) for at, (key, name) in enumerate([(1, "One"), (2, "Two")])}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ([(1, "One"), (2, "Two")], False),
        ([(1, "One"), (2, "2")], True),
        ([(2, "Two"), (1, "One")], True),
        ([(1, "One")], True),
        ([(1, "One"), (2, "Two"), (None, "Three")], True),
        ([(None, "One"), (None, "Two")], True),
        ([], True),
    ],
)
def test_what_stays_is_the_same_row_and_changes_are_told(given, changed):
    before = there()
    parts, told = reconcile(before, [(key, {"name": name}) for key, name in given], Line)
    assert told is changed
    assert [(part.name, part.position) for part in parts] == [(name, at) for at, (_, name) in enumerate(given)]
    assert all((part is before.get(key)) == (key is not None) for part, (key, _) in zip(parts, given, strict=True))


@pytest.mark.parametrize("keys", [[3], [1, 1]])
def test_an_id_that_is_not_there_or_there_twice_is_refused_at_its_place(keys):
    with pytest.raises(NoSuchPart) as caught:
        reconcile(there(), [(key, {"name": "x"}) for key in keys], Line, at="lines")
    assert caught.value.errors == (FieldError(f"/lines/{len(keys) - 1}/id", NoSuchPart.says, "unknown"),)


def test_other_keys_make_what_is_not_there():
    parts, changed = reconcile({"a": Line("A")}, [("b", {"name": "B"})], Line, ordered=False)
    assert ([part.name for part in parts], changed) == (["B"], True)


def test_a_part_that_is_known_by_two_keys_is_one():
    line = Line("A")
    assert reconcile({"a": line, "b": line}, [("b", {"name": "A"})], Line) == ([line], False)
