"""docs/expressions.md, made from the functions that are there."""

# ruff: noqa: E501 - rows of Markdown

import json

from app.automations.expressions import dates, number_functions, text_functions
from app.automations.expressions.evaluation import LARGEST, MOST_WORK
from app.automations.expressions.functions import FUNCTIONS
from app.automations.expressions.registry import DEEPEST, Function
from app.automations.expressions.syntax import LONGEST, MOST_NODES

_SECTIONS = {
    "Texts and JSON": text_functions.__name__,
    "Numbers, lists and objects": number_functions.__name__,
    "Dates and times": dates.__name__,
}
_HEAD = """# Expressions

The language of `{{ … }}` in the steps of workflows, and of `if`. Made by `flask --app wsgi expressions-reference` from the code; a test computes each example.

## Where they stand

- In any text of a step's `with`: `"Order {{ trigger.body.number }}"`. A text that is one expression and nothing else becomes its value, of whatever type: `"{{ trigger.body.lines }}"` is a list. In longer texts, null is nothing, and lists and objects are written as JSON.
- In `if`, and in the `if` of a `condition` step, without the braces: `steps.check.output.status == 200 and not trigger.body.test`. null, false, 0, and empty texts, lists and objects don't pass.
- An expression may hold braces of its own (`{{ {'a': {'b': 1}} }}`), and its texts may hold any (`{{ '}}' }}`).

## What they see

| name | what it is |
| --- | --- |
| `trigger` | what the run began with: the members of its input, and `trigger.input`, `trigger.type` |
| `steps.ID.output`, `.error`, `.status` | what an earlier step answered; those that this one needs |
| `item`, `index` | within `for_each`: the item, and its place from 0 on |
| `run` | `id`, `workflow_id`, `version`, `started_at` |
| `secrets.NAME` | a secret of the company, where a type of step allows it; in all that is kept it is `•••` |

A member that isn't there is null, at any depth, and is noted beside the step: `trigger.body.misspelt`.

## What they are made of

| | |
| --- | --- |
| values | `12.5`, `'text'` or `"text"`, `true`, `false`, `null`, `[1, 2]`, `{'name': 1}` |
| members | `a.b`, `a['b c']`, `list[0]`, `list[-1]`; parts: `list[1:3]`, `text[:5]` |
| arithmetic | `+ - * /`, `//` (divided, and rounded down), `%` (the rest). Computed in decimal digits: `0.1 + 0.2` is `0.3`. `+` also joins texts, and lists |
| comparisons | `== != < <= > >=`, `in`, `not in`. 1 equals 1.0, and neither `'1'` nor `true`. Only numbers have an order among them, and texts |
| logic | `and`, `or`, `not`, `a if condition else b` |
| lists from lists | `[line.price * line.count for line in trigger.lines if line.count > 0]` |
| functions | `round(x, 2)`; there are no methods |

From the strongest to the weakest: members and calls; signs; `* / // %`; `+ -`; comparisons; `not`; `and`; `or`; `if … else`.

There are no loops, assignments, comments or functions of one's own.

"""


def page() -> str:
    """The page, as Markdown."""
    parts = [_HEAD + "## Functions\n"]
    for title, module in _SECTIONS.items():
        rows = [_row(one) for _, one in sorted(FUNCTIONS.items()) if one.call_with.__module__ == module]
        parts.append(
            f"### {title}\n\n| function | what it answers | example | is |\n| --- | --- | --- | --- |\n" + "".join(rows)
        )
    return "\n".join(parts) + "\n" + _limits()


def _row(function: Function) -> str:
    source, value = function.example
    takes = ", ".join(f"[{kind[:-1]}]" if kind.endswith("?") else _called(kind) for kind in function.takes)
    says = function.says.replace("|", "\\|")
    return f"| `{function.name}({takes})` → {function.returns} | {says} | `{source}` | `{_written(value)}` |\n"


def _called(kind: str) -> str:
    return "text, list or object" if kind == "sized" else kind


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _limits() -> str:
    return (
        "## Limits\n\n"
        f"An expression has at most {LONGEST:,} characters and {MOST_NODES:,} parts. All expressions of a step together "
        f"do at most {MOST_WORK:,} operations, and make new values of at most {LARGEST >> 20} MiB; values are nested at "
        f"most {DEEPEST} deep. What would be more fails the step with these words, at once: no clock is needed, since "
        "each operation is paid for before it is done. Long lists are for `for_each`.\n\n"
        "A wrong name, a wrong function, and types that can never fit are found when the workflow is deployed; whatever "
        "depends on the values, when the step runs. Both name the place, in characters from the beginning of the text.\n\n"
        "The language is ours, over Python's own parser and a list of what an expression may hold, for two reasons: the "
        "operators of CEL (`&&`, `!`) are others than the API promises, and the sandboxes of template engines bound "
        "neither the time nor the size of what they compute (`'a' * 10**9`).\n"
    )
