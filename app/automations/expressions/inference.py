"""What is known about an expression before any value is: names, functions, and types where they are certain."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.automations.expressions.errors import BadExpression
from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.syntax import WORDS, parse

Shape = str | Mapping[str, "Shape"]
"""A type's name, or the members of an object whose members are known."""

CALLED = {
    "number": "a number", "text": "a text", "boolean": "true or false", "list": "a list", "object": "an object",
    "null": "nothing (null)",
}  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The names around an expression. `refuse` is asked about each path from a name on (`["steps", "a", "output"]`) and
    says what is wrong with it, if anything is."""

    shapes: Mapping[str, Shape]
    refuse: Callable[[list[str]], str | None] = lambda _path: None


def check_types(source: str, names: Names) -> str:
    """The type of the expression's value, `any` where that isn't certain. Raises `BadExpression` for what can't be
    right, whatever the values: an unknown name or function, a text minus a number."""
    return _called(_Inference(names).of(parse(source)))


def _called(shape: Shape) -> str:
    return shape if isinstance(shape, str) else "object"


class _Inference:
    def __init__(self, names: Names) -> None:
        self.names = names
        self.local: dict[str, Shape] = {}

    def of(self, node: ast.expr) -> Shape:
        shape: Shape = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return shape

    def _constant(self, node: ast.Constant) -> Shape:
        match node.value:
            case None:
                return "null"
            case bool():
                return "boolean"
            case str():
                return "text"
        return "number"

    def _name(self, node: ast.Name) -> Shape:
        if node.id in self.local:
            return self.local[node.id]
        if node.id in self.names.shapes:
            self._refuse(node, [node.id])
            return self.names.shapes[node.id]
        if node.id in WORDS:
            return "null" if WORDS[node.id] is None else "boolean"
        known = ", ".join(sorted({*self.names.shapes, *self.local}))
        raise BadExpression(f"There is nothing called {node.id} here; there is {known}.", node.col_offset)

    def _refuse(self, node: ast.expr, path: list[str]) -> None:
        if problem := self.names.refuse(path):
            raise BadExpression(problem, node.col_offset)

    def _attribute(self, node: ast.Attribute) -> Shape:
        return self._member(node, node.value, node.attr)

    def _subscript(self, node: ast.Subscript) -> Shape:
        if isinstance(node.slice, ast.Slice):
            for end in (node.slice.lower, node.slice.upper):
                if end is not None:
                    self._require(end, "number", "A position")
            return self._one_of(node.value, ("text", "list"), "[from:to]")
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._member(node, node.value, node.slice.value)
        self.of(node.slice)
        self.of(node.value)
        return "any"

    def _member(self, node: ast.expr, holder: ast.expr, name: str) -> Shape:
        shape = self.of(holder)
        if (path := self._path(node)) is not None:
            self._refuse(node, path)
        if isinstance(shape, str):
            if shape in ("number", "text", "boolean", "list"):
                raise BadExpression(f"{CALLED[shape].capitalize()} has no member {name}.", node.col_offset)
            return "any"
        if name not in shape:
            there = ", ".join(shape) or "nothing"
            raise BadExpression(f"There is no {name} here; there is {there}.", node.col_offset)
        return shape[name]

    def _path(self, node: ast.expr) -> list[str] | None:
        """`steps.a["output"]` as a list of names, if it is one that begins with a name around the expression."""
        match node:
            case ast.Name(id=name) if name in self.names.shapes and name not in self.local:
                return [name]
            case ast.Attribute(value=holder, attr=name):
                before = self._path(holder)
                return None if before is None else [*before, name]
            case ast.Subscript(value=holder, slice=ast.Constant(value=str(name))):
                before = self._path(holder)
                return None if before is None else [*before, name]
        return None

    def _boolop(self, node: ast.BoolOp) -> Shape:
        kinds = {_called(self.of(part)) for part in node.values}
        return kinds.pop() if len(kinds) == 1 else "any"

    def _unaryop(self, node: ast.UnaryOp) -> Shape:
        if isinstance(node.op, ast.Not):
            self.of(node.operand)
            return "boolean"
        return self._require(node.operand, "number", "A sign")

    def _binop(self, node: ast.BinOp) -> Shape:
        left, right = _called(self.of(node.left)), _called(self.of(node.right))
        if isinstance(node.op, ast.Add):
            if "any" in (left, right):
                return left if left in ("text", "list") else right if right in ("text", "list") else "any"
            if left == right and left in ("text", "list"):
                return left
            if "text" in (left, right):
                other = left if right == "text" else right
                raise BadExpression(
                    f"A text and {CALLED[other]} can't be added; make a text of it: text(…).", node.col_offset
                )
        for kind, part in ((left, node.left), (right, node.right)):
            if kind not in ("number", "any"):
                raise BadExpression(f"Here belongs a number, and this is {CALLED[kind]}.", part.col_offset)
        return "number"

    def _compare(self, node: ast.Compare) -> Shape:
        parts = [node.left, *node.comparators]
        kinds = [_called(self.of(part)) for part in parts]
        for operator, left, right, part in zip(node.ops, kinds, kinds[1:], parts[1:], strict=False):
            if isinstance(operator, ast.In | ast.NotIn):
                if right in ("number", "boolean", "null"):
                    raise BadExpression(f"“in” can't look into {CALLED[right]}.", part.col_offset)
                continue
            if isinstance(operator, ast.Eq | ast.NotEq) or "any" in (left, right):
                continue
            if left != right or left not in ("number", "text"):
                what = f"{CALLED[left].capitalize()} can't be compared with {CALLED[right]}."
                raise BadExpression(what, part.col_offset)
        return "boolean"

    def _ifexp(self, node: ast.IfExp) -> Shape:
        self.of(node.test)
        one, other = self.of(node.body), self.of(node.orelse)
        return one if one == other else "any"

    def _list(self, node: ast.List) -> Shape:
        for item in node.elts:
            self.of(item)
        return "list"

    def _dict(self, node: ast.Dict) -> Shape:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self._require(key, "text", "A member's name")
            self.of(value)
        return "object"

    def _listcomp(self, node: ast.ListComp) -> Shape:
        generator = node.generators[0]
        self._require(generator.iter, "list", "After “in”")
        before = self.local
        name = generator.target.id if isinstance(generator.target, ast.Name) else ""
        self.local = {**before, name: "any"}
        try:
            for condition in generator.ifs:
                self.of(condition)
            self.of(node.elt)
        finally:
            self.local = before
        return "list"

    def _call(self, node: ast.Call) -> Shape:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        function = FUNCTIONS.get(name)
        if function is None:
            raise BadExpression(f"There is no function {name}().", node.col_offset)
        if problem := function.wrong_count(len(node.args)):
            raise BadExpression(problem, node.col_offset)
        for kind, argument in zip(function.takes, node.args, strict=False):
            wanted = kind.rstrip("?")
            if wanted == "sized":
                self._one_of(argument, ("text", "list", "object"), f"{name}()")
            elif wanted != "any":
                self._require(argument, wanted, f"{name}()")
            else:
                self.of(argument)
        return function.returns

    def _require(self, node: ast.expr, kind: str, what: str) -> Shape:
        return self._one_of(node, (kind,), what)

    def _one_of(self, node: ast.expr, kinds: tuple[str, ...], what: str) -> Shape:
        found = _called(self.of(node))
        if found not in (*kinds, "any"):
            wanted = " or ".join(CALLED[kind] for kind in kinds)
            raise BadExpression(f"{what} needs {wanted}, and this is {CALLED[found]}.", node.col_offset)
        return found
