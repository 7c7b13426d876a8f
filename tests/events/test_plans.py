"""What the pages of events ask is found by an index, among many events."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from app.core.ids import new_id
from app.core.tenancy import as_system
from app.events.queries import list_events
from app.extensions import db
from tests.factories.events import HAPPENED

FILL = """
    insert into events (type, table_name, record_id, parent_table, parent_id, actor_name, change_id, data)
    select 'project.status_changed', 'projects', gen_random_uuid(), 'clients', gen_random_uuid(), 'system',
           gen_random_uuid(), '{}' from generate_series(1, 20000);
    insert into event_deliveries (event_id, consumer, state, attempts, at) select id, 'test', 'done', 1, at from events;
    analyze events, event_deliveries
"""


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        ({"record_id": new_id()}, {"events_record_idx", "events_parent_idx"}),
        ({"name": HAPPENED.name}, {"events_type_idx"}),
        ({"state": "failed"}, {"event_deliveries_state_idx"}),
    ],
)
@pytest.mark.committed
def test_a_filter_reads_what_it_finds(committed_db: str, db_session: Any, asked: Any, indexes: set[str]) -> None:
    with psycopg.connect(committed_db) as owner:
        owner.execute(FILL)
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    with as_system("a test"):
        event.listen(db.engine, "before_cursor_execute", note)
        list_events(**asked)
        event.remove(db.engine, "before_cursor_execute", note)
        plan = str(db.session.connection().exec_driver_sql(f"explain {sent[0][0]}", sent[0][1]).all())
    assert "Seq Scan on events" not in plan
    assert [name for name in indexes if name not in plan] == []
