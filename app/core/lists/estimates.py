"""What the planner expects of queries: asked before the choice between two ways to find the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, Select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.sql.visitors import InternalTraversal


@dataclass(frozen=True)
class Estimate:
    """How many rows there are before the limit, and what it costs to read up to the limit; 1 is about a row that is
    read from anywhere in its table. `is_straight` if an index has these rows alone, in the order asked for."""

    rows: int
    cost: float
    is_straight: bool


class _Explain(Executable, ClauseElement):
    inherit_cache = True
    _traverse_internals = [("statement", InternalTraversal.dp_clauseelement)]  # noqa: RUF012
    _all_selected_columns = ()

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(_Explain)
def _compile_explain(element: _Explain, compiler: Any, **how: Any) -> str:
    return f"explain (format json) {compiler.process(element.statement, **how)}"


def estimate(session: Session | scoped_session[Session], *queries: Select[Any]) -> Sequence[Estimate]:
    """What the planner expects of each of several queries with a limit, in one round trip."""
    plan = session.execute(_Explain(union_all(*queries))).scalar_one()[0]["Plan"]
    return [_estimate_of(part) for part in plan["Plans"]]


def _estimate_of(plan: dict[str, Any]) -> Estimate:
    cost = plan["Total Cost"]
    while plan["Node Type"] != "Limit":
        plan = plan["Plans"][0]
    source = plan["Plans"][0]
    is_straight = source["Node Type"] in ("Index Scan", "Index Only Scan") and "Filter" not in source
    return Estimate(source["Plan Rows"], cost, is_straight)
