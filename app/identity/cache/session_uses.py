"""When sign-ins were used, gathered for a moment, so that no request waits for it to be written down."""

import threading
from datetime import datetime
from uuid import UUID

from flask import Flask

from app.core.clock import now
from app.core.tenancy import as_system
from app.extensions import db
from app.identity import sessions


class Uses:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[UUID, datetime] = {}

    def note(self, session_id: UUID) -> None:
        with self._lock:
            self._noted[session_id] = now()

    def write(self, app: Flask) -> None:
        """Write down what was noted since, in one short transaction."""
        with self._lock:
            noted, self._noted = self._noted, {}
        if noted:
            with app.app_context(), as_system("sign-ins of all people are noted together"):
                sessions.note_uses(noted)
                db.session.commit()
