"""Rules of the database: each is told in words, as the error of the domain that it belongs to."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import exc, text

from app.core.database_errors import explain
from app.core.errors import DomainError
from app.projects.timesheets.operations import DayTooLong

pytestmark = pytest.mark.usefixtures("app")

RULES = text("""
    select conname, conrelid::regclass::text, case contype when 'c' then '23514' when 'x' then '23P01' else '23505' end
      from pg_constraint where connamespace = 'public'::regnamespace and contype in ('c', 'u', 'x')
    union all
    select i.indexrelid::regclass::text, i.indrelid::regclass::text, '23505'
      from pg_index i join pg_class c on c.oid = indrelid
     where c.relnamespace = 'public'::regnamespace and i.indisunique and not i.indisprimary
       and not exists (select from pg_constraint where conindid = i.indexrelid)
    union all
    select rule[1], '', 'DL409' from pg_proc, regexp_matches(prosrc, 'constraint = ''(\\w+)''', 'g') rule""")
NAMELESS = {
    "There is one like this already.",
    "This overlaps with something that is there already.",
    "A value is outside of what is allowed.",
}
DATABASE_ALONE = ("procrastinate_", "search_words", "audit_chains")


def told(rule: str, table: str, state: str, message: str = "") -> DomainError:
    diag = SimpleNamespace(constraint_name=rule, table_name=table, message_primary=message, column_name=None)
    refused: Any = SimpleNamespace(sqlstate=state, diag=diag)
    error = explain(exc.IntegrityError("", {}, refused))
    assert error is not None
    return error


def test_every_rule_of_the_schema_has_words(db_session):
    rows = db_session.execute(RULES).all()
    rules = [(rule, table, state) for rule, table, state in rows if not table.startswith(DATABASE_ALONE)]
    assert len(rules) > 150
    found = {rule: told(rule, table, state, "As the trigger says.") for rule, table, state in rules}
    assert [rule for rule, error in found.items() if error.message in NAMELESS or not error.message] == []
    assert [rule for rule, error in found.items() if error.status not in (409, 422)] == []


@pytest.mark.parametrize(
    ("rule", "table", "state", "message", "at"),
    [
        ("products_name_length_check", "products", "23514", "Name is empty or too long.", ["/name"]),
        ("products_currency_known_check", "products", "23514", "Currency isn’t one that is taken here.", ["/currency"]),
        ("projects_ends_after_start_check", "projects", "23514", "End date and start date don’t go together.", []),
        ("products_slug_key", "products", "23505", "This slug is taken. Choose another.", ["/slug"]),
        ("users_email_key", "users", "23505", "This address is taken. Choose another.", ["/email"]),
        (
            "matches_request_id_assistant_id_key",
            "matches",
            "23505",
            "There is one with the same request and assistant already.",
            [],
        ),
        ("time_off_no_overlap_excl", "time_off", "23P01", "There is time off on some of these days already.", []),
    ],
)
def test_what_is_wrong_is_told_from_the_schema_or_by_the_domain(rule, table, state, message, at):
    error = told(rule, table, state, "relation violates …")
    assert (error.message, [each.pointer for each in error.errors]) == (message, at)


def test_a_domain_s_error_comes_with_its_type_code_and_fields():
    error = told("time_entries_day_has_24_hours", "time_entries", "DL422", "A day has 24 hours.")
    assert isinstance(error, DayTooLong)
    assert (error.status, error.code, error.message) == (422, "invalid", "A day has 24 hours.")
    assert [(each.pointer, each.code) for each in error.errors] == [("/minutes", "invalid")]


def test_a_rule_that_nobody_knows_is_told_by_its_kind(db_session):
    assert told("gone_check", "gone", "23514").message == "A value is outside of what is allowed."
