"""What a small house has besides its records: files that came in, keys, applications, jobs, mail."""

from decimal import Decimal

from sqlalchemy import text

from app.assistants.batch import operations as batch
from app.changes.running import read_soon
from app.core.audit import SYSTEM, audit_as
from app.core.changes import applying, staging, undo
from app.core.changes.models import ChangeSet, State
from app.core.kinds import get_kind
from app.extensions import db
from app.identity.models import User

_LIST = b"name,category,price,currency\r\nScales,Shop,12.00,EUR\r\nTill,Shop,dear,EUR\r\n"
_FOREIGN = b"Bezeichnung;Warengruppe;Preis\r\nRegal;Lager;12,50\r\n"

_ROWS = """
    insert into api_keys (id, user_id, client_id, name, prefix, secret_hash, scopes, created_at, updated_at)
        select gen_random_uuid(), id, client_id, 'Shop of ' || username, 'dlk_' || username, username::bytea,
               '{products:read}', now(), now() from users;
    insert into oauth_applications
            (id, client_id, identifier, secret_hash, name, redirect_uris, grant_types, scopes, created_at, updated_at)
        select gen_random_uuid(), id, 'of-company', '\\x02', 'Ledger sync', '{https://ledger.example/back}',
               '{authorization_code}', '{products:read}', now(), now() from clients limit 1;
    insert into procrastinate_jobs (queue_name, task_name, args, status)
        select 'default', 'changes.apply', '{}', status::procrastinate_job_status
        from unnest(array['todo', 'doing', 'succeeded', 'failed', 'cancelled']) as status;
    insert into outgoing_mails (id, user_id, kind, address, subject, created_at)
        select gen_random_uuid(), id, 'reset-password', email, 'A new password', now() from users;
    insert into notifications (id, user_id, kind, title, created_at)
        select gen_random_uuid(), id, 'security', 'A new sign-in', now() from users
"""


def add_paperwork(manager: User) -> None:
    """In every state that pages tell apart as far as a file makes it: asked about, previewed, applied and undone."""
    _import(manager, _FOREIGN, "preise.csv")
    previewed = _import(manager, _LIST, "prices.csv")
    applied = _import(manager, _LIST.replace(b"Scales", b"Ladder"), "more.csv")
    applying.apply(db.session, applied, actor=manager)
    undone = _import(manager, _LIST.replace(b"Scales", b"Trolley"), "returned.csv")
    applying.apply(db.session, undone, actor=manager)
    db.session.commit()
    taken_back = undo.stage_undo(db.session, actor=manager, change_set=undone)
    undo.preview_undo(db.session, taken_back)
    applying.apply(db.session, taken_back, actor=manager)
    assert (previewed.rows_new, previewed.rows_wrong, undone.state) == (1, 1, State.UNDONE)
    batch.preview([request.id for request in batch.open_requests()], Decimal("0.5"), actor=manager)
    audit_as(db.session, actor=SYSTEM, action="create")
    for statement in _ROWS.split(";"):
        db.session.execute(text(statement.replace(":", "\\:").replace("\\:\\:", "::")))
    db.session.commit()


def _import(manager: User, content: bytes, name: str) -> ChangeSet:
    change_set = staging.stage_import(
        db.session, get_kind("products"), content, filename=name, actor=manager, clear=False
    )
    read_soon(change_set)
    return change_set
