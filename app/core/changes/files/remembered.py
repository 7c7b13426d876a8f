"""What people chose for a kind of file: the same headings again are read in the same way."""

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.changes.files.headings import fold
from app.core.changes.files.plan import Plan
from app.core.changes.files.proposal import FLAGS, UNSEEN, Look
from app.core.changes.models import ColumnChoice
from app.core.clock import now


def fingerprint(names: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(map(fold, names)).encode()).hexdigest()


def remember(session: Session, resource_key: str, look: Look, plan: Plan) -> None:
    """Keep what was chosen, and what the file didn't show, so that one like it that does is asked about again."""
    chosen: dict[str, Any] = plan.dump()
    chosen[UNSEEN] = {
        "columns": [at for at, samples in enumerate(look.samples) if not samples],
        "flags": [flag for flag in FLAGS if flag not in look.proposed],
    }
    for ours in ("reading", "heading", "marks"):
        del chosen[ours]
    row = {"resource_key": resource_key, "fingerprint": fingerprint(look.names), "chosen": chosen, "updated_at": now()}
    statement = insert(ColumnChoice).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["resource_key", "fingerprint"],
            set_={"chosen": statement.excluded.chosen, "updated_at": statement.excluded.updated_at},
        )
    )


def recall(session: Session, resource_key: str, names: Sequence[str]) -> dict[str, Any] | None:
    """What was chosen for a file with these headings, if there was one."""
    query = select(ColumnChoice.chosen).where(
        ColumnChoice.resource_key == resource_key, ColumnChoice.fingerprint == fingerprint(names)
    )
    return session.scalar(query)
