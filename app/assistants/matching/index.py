"""Everybody in the memory of this process, and never older than the last acknowledged change of any process.

Triggers note in `assistant_changes` which transaction last changed anything of an assistant that a match rests on.
Before each use the index looks there, over a connection of its own: whatever a transaction wrote that wasn't over at
the last look has an `xact` of that look's `xmin` or later. What changed is read again, in one statement and so as of
one moment. One look serves all who were waiting when it began.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import structlog
from flask import Flask, current_app

from app.assistants.matching.facts import Candidate
from app.assistants.matching.people import People
from app.assistants.matching.reading import Ask, read_everybody, read_people
from app.assistants.skills.graph import TABLES
from app.core.database_errors import Unavailable
from app.core.database_login import database_login
from app.core.driver import Connect
from app.core.poolers import is_alone
from app.core.rls import ask, tenant_statements
from app.core.serving import as_serving_begins
from app.core.tenancy import SYSTEM, as_system
from app.core.versions import VERSION, LookFailed, SharedLook
from app.extensions import db

EXTENSION = "assistants_index"
ANSWERS = 20_000
"""Answers that are kept: about 1 kB each."""
PATIENCE = 60.0
"""Seconds that somebody waits for the first reading."""

_LOOK = f"""
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           array(select assistant_id::text || xact::text from assistant_changes where xact >= %(since)s::text::xid8),
           (select {VERSION} from data_versions where table_name in {TABLES})
"""  # noqa: S608
_SETTINGS = {"timezone": "UTC", "statement_timeout": "60s"}
_ID = 36
"""Characters of an id."""

log = structlog.get_logger(__name__)


@dataclass
class _State:
    """What is known, and as of when."""

    line: "_Line"
    people: People = field(default_factory=People)
    xmin: int = 0
    skills: int = 0
    """The version of the skills."""
    seen: dict[str, None] = field(default_factory=dict)
    """Changes at or after `xmin` that are read already."""


class Index:
    """The people who may be proposed, and how they were answered with."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._using = threading.RLock()
        self._shared = SharedLook(self._look, patience=PATIENCE)
        self._state: _State | None = None
        self._process = os.getpid()
        self._edition = 0
        self._answers: OrderedDict[UUID, bytes] = OrderedDict()

    @contextmanager
    def fresh(self) -> Iterator[People]:
        """The people as of some moment after this call began; nobody changes them inside the block."""
        self._refresh()
        with self.looked_at() as people:
            yield people

    def look(self) -> int:
        """Look what has changed since the last look. Tells the version of the skills, which one look does for, too."""
        self._refresh()
        with self._using:
            return self._known().skills

    @contextmanager
    def looked_at(self) -> Iterator[People]:
        """The people as of the last look or a later one; nobody changes them inside the block."""
        with self._using:
            yield self._known().people

    def _known(self) -> _State:
        if self._state is None:
            raise Unavailable("Assistants can't be looked through just now. Try again in a moment.")
        return self._state

    def answers_for(self, ids: Iterable[UUID]) -> tuple[int, dict[UUID, bytes]]:
        """The answers that are kept of them, and the edition in which the others may be made."""
        with self._using:
            return self._edition, {key: self._answers[key] for key in ids if key in self._answers}

    def keep_answers(self, edition: int, made: Mapping[UUID, bytes]) -> None:
        """Keep them, unless anybody has changed since the edition: what was read then may be older than the change."""
        with self._using:
            if edition == self._edition:
                self._answers |= made
                while len(self._answers) > ANSWERS:
                    self._answers.popitem(last=False)

    def close(self) -> None:
        self._forget()

    def _forget(self) -> None:
        with self._using:
            state, self._state = self._state, None
        if state is not None:
            state.line.close()

    def _refresh(self) -> None:
        try:
            self._shared()
        except LookFailed:
            raise Unavailable("Assistants are still being read. Try again in a moment.") from None

    def _look(self) -> None:
        """Look what has changed, and read it. A connection that was lost is replaced, and everybody read anew."""
        for _ in range(2):
            try:
                if self._state is None or self._process != os.getpid():
                    self._load()
                else:
                    self._catch_up(self._state)
            except psycopg.Error as error:
                log.warning("assistants can't be read", reason=str(error).strip())
                self._forget()
            except BaseException:
                self._forget()  # whoever waits must not take what is known for fresh
                raise
            else:
                return

    def _load(self) -> None:
        line = _Line(self._connect(autocommit=True, connect_timeout=5, application_name="assistants-index"))
        try:
            state = _State(line)
            state.xmin, _, state.skills = _changes(line.ask, (1 << 63) - 1)
            state.people = People(read_everybody(line.ask))
        except BaseException:
            line.close()
            raise
        with self._using:
            self._state, self._process = state, os.getpid()
            self._edition += 1
            self._answers.clear()

    def _catch_up(self, state: _State) -> None:
        xmin, changes, skills = _changes(state.line.ask, state.xmin)
        if xmin < state.xmin:  # another database than before stands behind the address
            self._forget()
            self._load()
            return
        new = [change for change in changes if change not in state.seen]
        people = read_people(state.line.ask, [UUID(change[:_ID]) for change in new]) if new else []
        with self._using:
            for person in people:
                self._answers.pop(person.id, None)
                if person.is_archived:
                    state.people.remove(person.id)
                else:
                    state.people.put(person)
            state.seen = {change: None for change in changes if int(change[_ID:]) >= xmin}
            state.xmin, state.skills = xmin, skills
            self._edition += bool(new)


class _Line:
    """A connection of the index's own. Where no pooler shares its session, this is told once what it sees, and has
    what is asked over and over prepared."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._is_own = is_alone(connection)
        if self._is_own:
            connection.prepare_threshold = 1
            connection.execute(tenant_statements(SYSTEM, _SETTINGS, to="session"), prepare=False)

    def ask(self, statement: str, values: dict[str, Any]) -> Any:
        if self._is_own:
            return self._connection.execute(statement.encode(), values)
        return ask(self._connection, tenant_statements(SYSTEM, _SETTINGS), statement, values)

    def close(self) -> None:
        self._connection.close()


def _changes(ask: Ask, since: int) -> tuple[int, list[str], int]:
    (row,) = ask(_LOOK, {"since": str(since)})
    return row[0], row[1], row[2]


def own_ask() -> Ask:
    """Ask in the transaction of the present work, looking across companies."""

    def ask(statement: str, values: dict[str, Any]) -> Any:
        with as_system("free hours depend on work for all companies; hours come out, never whose they are"):
            return db.session.connection().exec_driver_sql(statement, values).all()

    return ask


def own_index() -> Index | None:
    """What a web server keeps; other processes have none."""
    return current_app.extensions.get(EXTENSION)


def skills_version() -> int | None:
    """The version of the skills, where a look at what has changed tells it: that look does for `everybody`, too."""
    index = own_index()
    return None if index is None else index.look()


@contextmanager
def everybody(*, looked: bool = False) -> Iterator[People]:
    """Everybody who may be proposed, as of a moment after this call began; after the caller's look at what has changed,
    if it has `looked` already. Work that isn't a web server's reads them from the database each time."""
    index = own_index()
    if index is None:
        yield People(read_everybody(own_ask()))
        return
    with index.looked_at() if looked else index.fresh() as people:
        yield people


def candidate_of(assistant_id: UUID) -> Candidate | None:
    """An assistant as matching sees one, whether archived or not; None where there is none."""
    found = read_people(own_ask(), [assistant_id])
    return found[0].candidate() if found else None


def switch_on(app: Flask) -> Index:
    """Keep everybody in this process's memory."""
    connect = partial(database_login(app).connect, app.config["SQLALCHEMY_DATABASE_URI"])
    index = app.extensions[EXTENSION] = Index(connect)
    return index


def init_app(app: Flask) -> None:
    """Read everybody in the background as a web process begins to serve. Tests that roll their changes back, and
    commands, ask the database."""
    settings = app.config["SETTINGS"]
    if settings.app_env != "testing" and not settings.is_command:
        as_serving_begins(app, partial(_warm_in_background, switch_on(app)))


def _warm_in_background(index: Index) -> None:
    threading.Thread(target=_warm, args=(index,), name="assistants-index", daemon=True).start()


def _warm(index: Index) -> None:
    with suppress(Unavailable, psycopg.Error), index.fresh():
        pass
