"""From text to a tree of what an expression may hold."""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from keyword import kwlist

from app.automations.expressions.errors import BadExpression
from app.automations.expressions.values import is_plain

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
    if text.startswith("{{"):
        raise BadExpression("Leave out the braces here.", len(source) - len(source.lstrip()))
    if len(text) > LONGEST:
        raise BadExpression(f"An expression has at most {LONGEST:,} characters.", LONGEST)
    line = _Line(text, len(source) - len(source.lstrip()))
    try:
        tree = ast.parse(line.text, mode="eval").body
    except SyntaxError as error:
        at = line.place_of_character(error.offset - 1 if error.offset else len(line.text))
        raise BadExpression(_reason(line.text, error), at) from None
    except (ValueError, RecursionError, MemoryError):
        raise BadExpression("This is nested too deeply, or holds characters that no expression has.", 0) from None
    if (comment := next((at for at, one in outside_texts(line.text) if one == "#"), None)) is not None:
        raise BadExpression("There are no comments in expressions.", line.place_of_character(comment))
    _require_allowed(tree, line)
    return tree


class _Line:
    """An expression in one line, as Python's parser needs it: line breaks mean nothing between its parts, and stay what
    they are within texts. It knows which character of the source a place in it was."""

    def __init__(self, text: str, offset: int) -> None:
        pieces: list[str] = []
        self._places: list[int] = []
        marked = _ends_of_keywords(text)
        quoted = {at for at, _ in _within_texts(text)} if "\n" in text or "\r" in text or "\t" in text else set()
        for at, character in enumerate(text):
            piece = character if character not in _BLANKS else _BLANKS[character] if at in quoted else " "
            if at in marked:
                piece += _MEMBER
            pieces.append(piece)
            self._places += [offset + at] * len(piece)
        self.text = "".join(pieces)
        # Python counts the bytes of UTF-8.
        self._by_byte = self._places if self.text.isascii() else [
            place for place, one in zip(self._places, self.text, strict=True) for _ in one.encode("utf-8", "replace")
        ]  # fmt: skip

    def place_of_character(self, column: int) -> int:
        return self._places[min(column, len(self._places) - 1)]

    def place_of_byte(self, column: int) -> int:
        return self._by_byte[min(column, len(self._by_byte) - 1)]


_MEMBER = "\u01c3"
"""Follows a name that Python keeps for itself, so that it can be read as a member: `trigger.body.from`."""
_MEMBERS = re.compile(rf"\.\s*(?:{'|'.join(kwlist)})(?!\w)")


def _ends_of_keywords(text: str) -> frozenset[int]:
    """The places of the last letters of members that are called like one of Python's keywords."""
    if not (found := [one for one in _MEMBERS.finditer(text) if not _is_number(text[: one.start()])]):
        return frozenset()
    outside = {at for at, _ in outside_texts(text)}
    return frozenset(one.end() - 1 for one in found if one.start() in outside)


def _is_number(before: str) -> bool:
    """Whether the text ends in a number, whose decimal point may follow: `1.if x else 2`."""
    word = re.search(r"\w*$", before)
    return word is not None and word[0][:1].isdigit()


_BLANKS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def outside_texts(text: str) -> Iterator[tuple[int, str]]:
    """Each character that isn't within quotation marks, with its place."""
    quote, skip = "", False
    for at, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip, quote = character == "\\", "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            yield at, character


def _within_texts(text: str) -> Iterator[tuple[int, str]]:
    outside = {at for at, _ in outside_texts(text)}
    return ((at, character) for at, character in enumerate(text) if at not in outside)


def _require_allowed(tree: ast.expr, line: _Line) -> None:
    """From here on, the nodes' `col_offset` is the character of the source at which they begin."""
    for count, (node, depth, at) in enumerate(_walk(tree, line), start=1):
        if count > MOST_NODES or depth > DEEPEST:
            raise BadExpression("This expression is too large; split it into several transform steps.", at)
        if not isinstance(node, _ALLOWED):
            raise BadExpression(_INSTEAD.get(type(node), "This isn't part of the language."), at)
        _require_form(node, at)


def _walk(tree: ast.AST, line: _Line) -> Iterator[tuple[ast.AST, int, int]]:
    """Each node with its depth and its place, or that of what it is part of; without recursion."""
    waiting = [(tree, 1, 0)]
    while waiting:
        node, depth, at = waiting.pop()
        if isinstance(node, ast.expr):
            at = node.col_offset = line.place_of_byte(node.col_offset)
        if isinstance(node, ast.Attribute) and node.attr.endswith(_MEMBER):
            node.attr = node.attr.removesuffix(_MEMBER)
        yield node, depth, at
        waiting += [(child, depth + 1, at) for child in ast.iter_child_nodes(node)]


def _require_form(node: ast.AST, at: int) -> None:
    match node:
        case ast.Constant(value=value) if value is not None and not isinstance(value, bool | int | float | str):
            raise BadExpression("Values are numbers, texts, true, false and null.", at)
        case ast.Constant(value=value) if not is_plain(value):
            raise BadExpression("This number is too large, or this text holds what is no character.", at)
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
    bare = "".join(character for _, character in outside_texts(text))
    for wrong, right in (("&&", "and"), ("||", "or"), ("===", "=="), ("?", "a if condition else b")):
        if wrong in bare:
            return f"Write {right} in place of {wrong}."
    if "never closed" in error.msg or "unterminated" in error.msg or "unmatched" in error.msg:
        return f"A bracket or a quotation mark isn't closed: {error.msg}."
    return "This can't be read as an expression."
