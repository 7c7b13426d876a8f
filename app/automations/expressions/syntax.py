"""From text to a tree of what an expression may hold."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from app.automations.expressions.errors import BadExpression

LONGEST = 4_000
MOST_NODES = 1_000
DEEPEST = 50

WORDS = {"true": True, "false": False, "null": None}
"""JSON's words, besides Python's."""

_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Attribute, ast.Subscript, ast.Slice,
    ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn,
    ast.IfExp, ast.List, ast.Dict, ast.Call, ast.ListComp, ast.comprehension, ast.Store,
)  # fmt: skip
_INSTEAD = {
    ast.Pow: "There is no power; multiply.",
    ast.Is: "Write == in place of is.",
    ast.IsNot: "Write != in place of is not.",
    ast.JoinedStr: "Join texts with + in place of an f-text.",
    ast.Tuple: "Write a list in brackets: [a, b].",
    ast.Set: "Write a list in brackets: [a, b].",
    ast.GeneratorExp: "Put brackets around it: [x for x in list].",
    ast.BitAnd: "Write and in place of &.",
    ast.BitOr: "Write or in place of |.",
    ast.Lambda: "Functions can't be defined here.",
    ast.NamedExpr: "Values can't be named here; use a transform step.",
}


@lru_cache(maxsize=4_096)
def parse(source: str) -> ast.expr:
    """The tree of an expression. Raises `BadExpression` that says where and why it isn't one."""
    text = source.strip()
    if not text:
        raise BadExpression("There is no expression.", 0)
    if len(text) > LONGEST:
        raise BadExpression(f"An expression has at most {LONGEST:,} characters.", LONGEST)
    offset = len(source) - len(source.lstrip())
    # Line breaks mean nothing here, and would end the expression for Python.
    flat = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    try:
        tree = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        at = offset + max(0, (error.offset or 1) - 1)
        raise BadExpression(_reason(flat, error), at) from None
    except (ValueError, RecursionError, MemoryError):
        raise BadExpression("This is nested too deeply, or holds characters that no expression has.") from None
    _require_allowed(tree, offset)
    return tree


def _require_allowed(tree: ast.expr, offset: int) -> None:
    for count, (node, depth) in enumerate(_walk(tree), start=1):
        at = offset + getattr(node, "col_offset", 0)
        if count > MOST_NODES or depth > DEEPEST:
            raise BadExpression("This expression is too large; split it into several transform steps.", at)
        if not isinstance(node, _ALLOWED):
            raise BadExpression(_INSTEAD.get(type(node), "This isn't part of the language."), at)
        _require_form(node, at)


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Each node with its depth, without recursion."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _require_form(node: ast.AST, at: int) -> None:
    match node:
        case ast.Constant(value=value) if value is not None and not isinstance(value, bool | int | float | str):
            raise BadExpression("Values are numbers, texts, true, false and null.", at)
        case ast.Call(func=ast.Attribute(attr=name)):
            raise BadExpression(f"There are functions, no methods: {name}(…), with the value in the brackets.", at)
        case ast.Call(func=func) if not isinstance(func, ast.Name):
            raise BadExpression("Only a function can be called.", at)
        case ast.Call(keywords=[_, *_]):
            raise BadExpression("Arguments have no names here; their order counts.", at)
        case ast.Dict(keys=keys) if any(key is None for key in keys):
            raise BadExpression("Use merge(a, b) to join objects.", at)
        case ast.Slice(step=step) if step is not None:
            raise BadExpression("A part is [from:to].", at)
        case ast.ListComp(generators=[one]) if isinstance(one.target, ast.Name) and not one.is_async:
            pass
        case ast.ListComp():
            raise BadExpression("A list is built from one list: [x.name for x in list if x.amount > 10].", at)


def _reason(text: str, error: SyntaxError) -> str:
    bare = _without_texts(text)
    for wrong, right in (("&&", "and"), ("||", "or"), ("===", "=="), ("?", "a if condition else b")):
        if wrong in bare:
            return f"Write {right} in place of {wrong}."
    if text.startswith("{{"):
        return "Leave out the braces here."
    if "never closed" in error.msg or "unterminated" in error.msg or "unmatched" in error.msg:
        return f"A bracket or a quotation mark isn't closed: {error.msg}."
    return "This can't be read as an expression."


def _without_texts(text: str) -> str:
    kept, quote = [], ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            kept.append(character)
    return "".join(kept)
