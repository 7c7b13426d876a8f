"""What a kept page or answer depends on is what PostgreSQL reads for it: a table too few would serve old figures."""

import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import event

from app.core.ids import new_id
from app.core.lists import ListSpec, fetch, query_schema
from app.extensions import db
from tests.factories.everything import fill_every_table

BOOKKEEPING = {"data_versions", "search_words", "skill_terms"}
"""The last has the words of `skills`, and changes with them alone."""
CANDIDATES = ("word", True, 1, new_id(), date(2026, 11, 30), ["word"])
Reads = Callable[[], set[str]]


@pytest.fixture
def reads(app, db_session) -> Iterator[Reads]:
    """The tables of the statements since the last call."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    def reads() -> set[str]:
        words = {word for each in statements for word in re.findall(r"\b(?:from|join)\s+(\w+)", each, re.IGNORECASE)}
        statements.clear()
        return (words & set(db.metadata.tables)) - BOOKKEEPING

    event.listen(db.engine, "before_cursor_execute", note)
    yield reads
    event.remove(db.engine, "before_cursor_execute", note)


def specs() -> list[ListSpec]:
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("app.")]
    found = {value for module in modules for value in vars(module).values() if type(value) is ListSpec}
    return sorted(found, key=lambda spec: spec.table)


def queries(spec: ListSpec) -> Iterator[dict[str, Any]]:
    yield {}
    yield from ({"sort": sort.name} for sort in spec.sorts)
    for filter_ in spec.filters:
        for value in (*get_args(filter_.annotation), *CANDIDATES):
            try:
                TypeAdapter(filter_.annotation).validate_python(value)
            except (ValidationError, TypeError):
                continue
            yield {filter_.name: value}


def test_every_list_depends_on_the_tables_that_it_reads(app, db_session, reads):
    assert len(specs()) > 12
    wrong = {}
    for spec in specs():
        schema = query_schema(spec)
        for query in queries(spec):
            try:
                asked = schema.model_validate(query)
            except ValidationError:
                continue
            fetch(db.session, spec, asked, staff=True)
        read, declared = reads(), {spec.table, *spec.depends_on}
        if read != declared:
            wrong[spec.table] = f"not declared: {sorted(read - declared)}, not read: {sorted(declared - read)}"
    assert wrong == {}, "\n".join(f"{table}: {what}" for table, what in wrong.items())


def test_every_kept_answer_depends_on_the_tables_that_it_reads(app, db_session, client, reads):
    fill_every_table()
    reading = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    views = {rule.rule: app.view_functions[rule.endpoint] for rule in reading}
    operations = {path: view.operation for path, view in views.items() if hasattr(view, "operation")}
    kept = {path: operation for path, operation in operations.items() if operation.cached is not None}
    assert len(kept) > 8
    wrong = {}
    for path, operation in sorted(kept.items()):
        reads()
        assert answered(client, path, operation.example.query), path
        if missing := reads() - set(operation.cached.tables):
            wrong[path] = sorted(missing)
    assert wrong == {}


def answered(client: Any, path: str, query: str) -> int:
    """How often it answered: a list as it is and as its example has it, a record for each of the list."""
    listed, _, rest = path.partition("/<")
    found = client.get(listed).get_json()
    addresses = [listed, f"{listed}?{query}"] if not rest else [f"{listed}/{each['id']}" for each in found]
    return sum(client.get(address).status_code == 200 for address in addresses)
