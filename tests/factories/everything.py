"""A row in every table, for tests of what happens to all of them."""

from sqlalchemy import text

from app.core.audit import SYSTEM, attribute
from app.extensions import db
from tests.factories.accounts import make_user
from tests.factories.catalogue import make_offering, make_product, make_service_category, make_solution

# What no record's maker fills. `:user` is a user's id, `:key` a new one.
REST = """
    insert into user_sessions (id, user_id, kind, created_at, last_used_at, expires_at)
        values (:key, :user, 'api', now(), now(), now() + interval '1 day');
    insert into refresh_tokens (token_hash, session_id, created_at) select '\\x00', id, now() from user_sessions;
    insert into idempotency_keys (scope, key, fingerprint, status, headers, body, created_at)
        values ('user', 'key', '\\x00', 201, '[]', '\\x7b7d', now());
    insert into change_sets (id, kind, state, title, params, actor_name, created_at, rows_new, rows_changed,
                             rows_unchanged, rows_wrong, rows_conflict, rows_total, rows_done)
        values (:key, 'import', 'previewed', 'prices.csv', '{}', 'manager', now(), 1, 0, 0, 0, 0, 1, 0);
    insert into change_rows (change_set_id, number, kind, label, cells, before, after, problems)
        values (:key, 1, 'new', 'Ledger', '{}', '{}', '{}', '[]');
    insert into procrastinate_workers default values;
    insert into procrastinate_jobs (queue_name, task_name, args) values ('default', 'a.task', '{}');
    insert into procrastinate_periodic_defers (task_name, defer_timestamp, job_id, periodic_id)
        select task_name, 1, id, 'p' from procrastinate_jobs;
    insert into job_reports (job_id, done, total) select id, 1, 2 from procrastinate_jobs
"""


def fill_every_table() -> None:
    user = make_user(role="client")
    product = make_product(name="Crème brûlée", features=["a", "b"])
    make_product(archived=True)
    make_solution(products=[product])
    make_service_category(offerings=[make_offering()])
    attribute(db.session, actor=SYSTEM, action="fill")
    for statement in REST.split(";"):
        names = {name: value for name, value in (("user", user.id), ("key", product.id)) if f":{name}" in statement}
        db.session.execute(text(statement), names)
    db.session.commit()
