"""From a tree and the values around it to a value."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.automations.expressions.errors import EvaluationFailed, ExpressionError, TooMuch
from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.syntax import WORDS, parse
from app.automations.expressions.values import Value, calculate, is_number, name_of, to_decimal, to_number

MOST_WORK = 100_000
LARGEST = 1 << 20
_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_NOT_FOUND = object()


@dataclass
class Budget:
    """What is left of the work and of the size of new values. One budget serves all expressions of a step."""

    work: int = MOST_WORK
    size: int = LARGEST

    def spend(self, work: int = 1, size: int = 0) -> None:
        self.work -= work
        self.size -= size
        if self.work < 0:
            raise TooMuch(f"This takes more than {MOST_WORK:,} operations; go through long lists with for_each.")
        if self.size < 0:
            raise TooMuch("The values that this makes are larger than 1 MiB.")


@dataclass
class Scope:
    """What an expression can see. `at` is the time that now() answers: a step's begin, the same in each attempt.

    `missing` collects the paths that led to nothing, to be shown beside the step: a misspelt member is null.
    """

    values: Mapping[str, Value]
    at: datetime
    zone: str = "UTC"
    budget: Budget = field(default_factory=Budget)
    missing: list[str] = field(default_factory=list)


def evaluate(source: str, scope: Scope) -> Value:
    """The value of an expression. Raises `BadExpression`, or `EvaluationFailed` with the place of the failure."""
    try:
        return _Evaluation(scope).value(parse(source))
    except RecursionError:
        raise TooMuch("These values are nested too deeply.") from None


def is_true(value: Value) -> bool:
    """Whether `if` lets it pass: null, false, 0, and empty texts, lists and objects don't."""
    return bool(value)


class _Evaluation:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.budget = scope.budget
        self.local: dict[str, Value] = {}

    def value(self, node: ast.expr) -> Value:
        self.budget.spend()
        try:
            return getattr(self, f"_{type(node).__name__.lower()}")(node)
        except ExpressionError as error:
            if error.at is None:
                error.at = node.col_offset
            raise

    def _constant(self, node: ast.Constant) -> Value:
        return node.value

    def _name(self, node: ast.Name) -> Value:
        for names in (self.local, self.scope.values, WORDS):
            if node.id in names:
                return names[node.id]
        raise EvaluationFailed(f"There is nothing called {node.id} here.")

    def _attribute(self, node: ast.Attribute) -> Value:
        return self._member(node, self.value(node.value), node.attr)

    def _subscript(self, node: ast.Subscript) -> Value:
        holder = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            return self._part(holder, node.slice)
        return self._member(node, holder, self.value(node.slice))

    def _member(self, node: ast.expr, holder: Value, key: Value) -> Value:
        found = _NOT_FOUND
        if isinstance(holder, dict) and isinstance(key, str):
            found = holder.get(key, _NOT_FOUND)
        elif isinstance(holder, list | str) and isinstance(key, int) and not isinstance(key, bool):
            found = holder[key] if -len(holder) <= key < len(holder) else _NOT_FOUND
        elif isinstance(holder, dict | list | str) and (isinstance(key, bool) or not isinstance(key, str | int)):
            raise EvaluationFailed(f"In the brackets belongs a name or a position, not {name_of(key)}.")
        if found is _NOT_FOUND:
            self._note_missing(node)
            return None
        return found

    def _note_missing(self, node: ast.expr) -> None:
        path = ast.unparse(node)
        if len(self.scope.missing) < 20 and path not in self.scope.missing:
            self.scope.missing.append(path)

    def _part(self, holder: Value, part: ast.Slice) -> Value:
        if not isinstance(holder, list | str):
            raise EvaluationFailed(f"[from:to] takes a part of a text or a list, and this is {name_of(holder)}.")
        ends = [None if end is None else self._position(end) for end in (part.lower, part.upper)]
        found = holder[ends[0] : ends[1]]
        self.budget.spend(1 + len(found) // 64, len(found))
        return found

    def _position(self, node: ast.expr) -> int:
        value = self.value(node)
        if not isinstance(value, int) or isinstance(value, bool):
            raise EvaluationFailed(f"A position is a whole number, not {name_of(value)}.")
        return value

    def _boolop(self, node: ast.BoolOp) -> Value:
        wanted = isinstance(node.op, ast.Or)
        value: Value = None
        for part in node.values:
            value = self.value(part)
            if is_true(value) is wanted:
                return value
        return value

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not is_true(value)
        number = to_decimal(value, "A sign")
        return to_number(-number if isinstance(node.op, ast.USub) else number)

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and type(left) is type(right) and isinstance(left, str | list):
            self.budget.spend(1 + (len(left) + len(right)) // 64, len(left) + len(right))
            return left + right
        if isinstance(node.op, ast.Add) and isinstance(left, str) is not isinstance(right, str):
            other = name_of(right if isinstance(left, str) else left)
            raise EvaluationFailed(f"A text and {other} can't be added; make a text of it: text(…).")
        return calculate(_OPERATORS[type(node.op)], left, right)

    def _compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for operator, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other)
            if not self._holds(operator, left, right):
                return False
            left = right
        return True

    def _holds(self, operator: ast.cmpop, left: Value, right: Value) -> bool:
        match operator:
            case ast.Eq():
                return self.equal(left, right)
            case ast.NotEq():
                return not self.equal(left, right)
            case ast.In():
                return self.contains(right, left)
            case ast.NotIn():
                return not self.contains(right, left)
        a, b = self._comparable(left, right)
        match operator:
            case ast.Lt():
                return bool(a < b)
            case ast.LtE():
                return bool(a <= b)
            case ast.Gt():
                return bool(a > b)
        return bool(a >= b)

    def _comparable(self, left: Value, right: Value) -> tuple[Any, Any]:
        if is_number(left) and is_number(right):
            return to_decimal(left), to_decimal(right)
        if isinstance(left, str) and isinstance(right, str):
            self.budget.spend(1 + min(len(left), len(right)) // 64)
            return left, right
        raise EvaluationFailed(f"{name_of(left).capitalize()} can't be compared with {name_of(right)}.")

    def equal(self, left: Value, right: Value) -> bool:
        """Whether both are the same value. Numbers are compared as they are written; true isn't 1."""
        self.budget.spend()
        if is_number(left) and is_number(right):
            return to_decimal(left) == to_decimal(right)
        if type(left) is not type(right):
            return False
        if isinstance(left, str):
            self.budget.spend(len(left) // 64)
            return bool(left == right)
        if isinstance(left, list):
            return len(left) == len(right) and all(map(self.equal, left, right))
        if isinstance(left, dict):
            return left.keys() == right.keys() and all(self.equal(value, right[key]) for key, value in left.items())
        return bool(left == right)

    def contains(self, holder: Value, value: Value) -> bool:
        if isinstance(holder, list):
            return any(self.equal(item, value) for item in holder)
        if isinstance(holder, str) and isinstance(value, str):
            self.budget.spend(1 + len(holder) // 64)
            return value in holder
        if isinstance(holder, dict):
            return isinstance(value, str) and value in holder
        raise EvaluationFailed(f"“in” looks into a text, a list or an object, and this is {name_of(holder)}.")

    def _ifexp(self, node: ast.IfExp) -> Value:
        return self.value(node.body if is_true(self.value(node.test)) else node.orelse)

    def _list(self, node: ast.List) -> Value:
        self.budget.spend(size=len(node.elts))
        return [self.value(item) for item in node.elts]

    def _dict(self, node: ast.Dict) -> Value:
        made: dict[str, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = self.value(key) if key is not None else None
            if not isinstance(name, str):
                raise EvaluationFailed(f"Members have texts as names, not {name_of(name)}.")
            made[name] = self.value(value)
            self.budget.spend(size=len(name) + 1)
        return made

    def _listcomp(self, node: ast.ListComp) -> Value:
        generator = node.generators[0]
        name = generator.target.id if isinstance(generator.target, ast.Name) else ""
        items = self.value(generator.iter)
        if not isinstance(items, list):
            raise EvaluationFailed(f"A list is built from a list, and this is {name_of(items)}.")
        made: list[Value] = []
        before = self.local
        try:
            for item in items:
                self.local = {**before, name: item}
                if all(is_true(self.value(condition)) for condition in generator.ifs):
                    made.append(self.value(node.elt))
                    self.budget.spend(size=1)
        finally:
            self.local = before
        return made

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            raise EvaluationFailed(f"There is no function {name}().")
        arguments = [self.value(argument) for argument in node.args]
        function.require(arguments)
        return function.call(self, arguments)
