"""Identities kept in memory: no query for a call, and nothing served that has changed since."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Event

import psycopg
import pytest
from sqlalchemy import event, select, text, update

from app.core.bounded import Bounded
from app.core.clock import now, shifted
from app.core.ids import new_id
from app.extensions import db
from app.identity import authentication, sessions
from app.identity import queries as users
from app.identity.cache import store as caching
from app.identity.cache.counters import EVERYTHING, Counters
from app.identity.cache.invalidation import counters
from app.identity.cache.listener import Listener
from app.identity.cache.store import BEARER, COOKIE, IDENTITIES, IdentityCache, Loaded
from app.identity.models import Application, Client, Grant, User, UserSession
from app.identity.sessions import Device
from config import ROOT
from tests.factories import PASSWORD

pytestmark = pytest.mark.committed

SOON = 30.0
"""What only a busy machine delays."""
PROMISED = 5.0
"""After so many seconds a change counts everywhere, come what may."""
OTHER_PROCESS = """
import json, sys
from app import create_app
from app.identity import authentication
app = create_app()
authentication.switch_on(app)
client = app.test_client()
print("ready", flush=True)
for line in sys.stdin:
    headers = {"Authorization": "Bearer " + line.strip()}
    answers = [client.get("/api/auth/me", headers=headers) for _ in range(2)]
    print(json.dumps([[answer.status_code, answer.json.get("role")] for answer in answers]), flush=True)
"""


def wait_until(holds, at_most=SOON):
    end = time.monotonic() + at_most
    while not holds():
        assert time.monotonic() < end, "it has not come true"
        time.sleep(0.02)


@pytest.fixture
def cache(app, committed_db, db_session):
    """Kept as in a web process: counters, and a thread that listens."""
    cache = authentication.switch_on(app)
    wait_until(cache.listener.is_proven)
    yield cache
    authentication.switch_off(app)


@pytest.fixture
def deaf(app, committed_db, db_session, monkeypatch):
    """Without the thread: whatever is heard of a change is heard by the counters, before the answer."""
    cache = IdentityCache(counters(app))
    monkeypatch.setitem(app.extensions, IDENTITIES, cache)
    return cache


@pytest.fixture
def asked(app, db_session):
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield statements
    event.remove(db.engine, "before_cursor_execute", note)


def me(program):
    return program.get("/api/auth/me")


def elsewhere(url, statement, *values):
    """A change that somebody makes by hand, on a connection of their own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def oauth_token(app, user, **more):
    application = Application(
        name="Reports", identifier=str(new_id()), secret_hash=b"x", client_id=user.client_id,
        grant_types=["authorization_code"], scopes=["products:read"], **more,
    )  # fmt: skip
    grant = Grant(user=user, application=application, scopes=["products:read"])
    db.session.add_all([application, grant])
    db.session.flush()
    session = sessions.start_session(
        user, kind="oauth", device=Device("Reports", ""), application_id=application.id, scopes=["products:read"]
    ).session
    token = app.extensions["access_tokens"].issue(session)
    db.session.commit()
    return application, grant, token


def bearer(app, token):
    program = app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return program


@pytest.mark.parametrize("kind", ["api", "portal", "oauth"])
def test_the_second_request_asks_the_database_nothing(app, cache, asked, api, sign_in, make_user, kind):
    user = make_user(role="client")
    if kind == "api":
        program = api(user)
    elif kind == "oauth":
        program = bearer(app, oauth_token(app, user)[2])
    else:
        program = sign_in(app.test_client(), user)
    path = "/account/sessions" if kind == "portal" else "/api/auth/me"

    def asks_nothing():
        db.session.remove()
        asked.clear()
        assert program.get(path).status_code == 200
        return not [one for one in asked if kind != "portal" or "FROM users" in one or "oauth_applications" in one]

    asks_nothing()
    # What the sign-in itself wrote may be heard of a moment later, too.
    wait_until(asks_nothing)


def change_role(user):
    users.get_user(user.id).role = "admin"


def suspend(user):
    users.get_user(user.id).status = "suspended"


def suspend_in_bulk(user):
    db.session.execute(update(User).where(User.id == user.id).values(status="suspended"))


def suspend_by_text(user):
    db.session.execute(text("update users set status = 'suspended' where id = :id"), {"id": user.id})


def sign_out(user):
    sessions.end_other_sessions(user.id, keep=None, reason="ended")


CHANGES = [
    (change_role, "manager", lambda answer: answer.json["role"] == "admin"),
    (suspend, "manager", lambda answer: answer.status_code == 401),
    (suspend_in_bulk, "manager", lambda answer: answer.status_code == 401),
    (suspend_by_text, "manager", lambda answer: answer.status_code == 401),
    (sign_out, "manager", lambda answer: answer.status_code == 401),
    (
        lambda user: setattr(db.session.get(Client, user.client_id), "status", "suspended"),
        "client",
        lambda answer: answer.status_code == 401,
    ),
    (lambda user: setattr(users.get_user(user.id), "theme", "dark"), "client", lambda a: a.json["theme"] == "dark"),
    (
        lambda user: setattr(users.get_user(user.id), "username", "renamed"),
        "client",
        lambda answer: answer.json["username"] == "renamed",
    ),
    (
        lambda user: setattr(users.get_user(user.id), "limits", ["products:read"]),
        "client",
        lambda answer: answer.json["permissions"] == ["products:read"],
    ),
]


@pytest.mark.parametrize(("change", "role", "shows"), CHANGES)
def test_our_own_change_counts_at_the_next_request(deaf, api, make_user, change, role, shows):
    user = make_user(role=role)
    program = api(user)
    assert not shows(me(program))
    assert not shows(me(program))
    change(user)
    db.session.commit()
    assert shows(me(program))
    assert shows(me(program))


@pytest.mark.parametrize("what", ["application", "grant", "company", "session"])
def test_an_applications_token_ends_with_what_it_depends_on(app, deaf, make_user, what):
    user = make_user(role="client")
    application, grant, token = oauth_token(app, user)
    program = bearer(app, token)
    assert [me(program).status_code for _ in range(2)] == [200, 200]
    if what == "company":
        db.session.get(Client, user.client_id).status = "suspended"
    elif what == "session":
        sessions.end_sessions_of_application(application.id, user_id=user.id)
    else:
        {"application": application, "grant": grant}[what].revoked_at = now()
    db.session.commit()
    assert me(program).status_code == 401


def test_an_application_of_no_user_acts_for_its_company(app, deaf, make_client_company):
    company = make_client_company()
    application = Application(
        name="Nightly", identifier="nightly", secret_hash=b"x", client_id=company.id,
        grant_types=["client_credentials"], scopes=["projects:read"],
    )  # fmt: skip
    db.session.add(application)
    db.session.flush()
    session = sessions.start_session(
        None, kind="oauth", device=Device("", ""), application_id=application.id, scopes=["projects:read"]
    ).session
    program = bearer(app, app.extensions["access_tokens"].issue(session))
    db.session.commit()
    for _ in range(2):
        answer = me(program)
        assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert program.get("/api/products").status_code == 200
    assert program.get("/api/auth/sessions").status_code == 403
    company.status = "suspended"
    db.session.commit()
    assert me(program).status_code == 401


def test_a_use_that_is_noted_changes_nobody(app, deaf, asked, api, make_user):
    program = api(make_user())
    me(program)
    session = db.session.scalars(select(UserSession)).one()
    session.last_used_at = now()
    db.session.commit()
    sessions.note_uses({session.id: now()})
    db.session.commit()
    asked.clear()
    me(program)
    assert asked == []


def test_somebody_elses_change_leaves_mine_kept(app, deaf, asked, api, make_user):
    mine, other = make_user(), make_user()
    program = api(mine)
    me(program)
    suspend(other)
    db.session.commit()
    asked.clear()
    me(program)
    assert asked == []


def test_what_was_rolled_back_is_not_believed(deaf, api, make_user):
    user = make_user(role="manager")
    program = api(user)
    me(program)
    suspend(user)
    db.session.flush()
    db.session.rollback()
    assert me(program).status_code == 200


BY_HAND = [
    ("update users set status = 'suspended' where id = %s", lambda answer: answer.status_code == 401),
    ("update users set role = 'manager' where id = %s", lambda answer: answer.json["role"] == "manager"),
    ("update user_sessions set ended_at = now() where user_id = %s", lambda answer: answer.status_code == 401),
    ("delete from user_sessions where user_id = %s", lambda answer: answer.status_code == 401),
    ("update users set theme = 'dark' where id = %s", lambda answer: answer.json["theme"] == "dark"),
]


@pytest.mark.parametrize(("statement", "shows"), BY_HAND)
def test_a_change_by_hand_counts_within_five_seconds(cache, committed_db, api, make_user, statement, shows):
    user = make_user(role="admin")
    program = api(user)
    assert [me(program).status_code for _ in range(2)] == [200, 200]
    elsewhere(committed_db, statement, user.id)
    wait_until(lambda: shows(me(program)), PROMISED)
    assert shows(me(program))


def test_a_second_factor_that_is_taken_away_by_hand_is_heard_of(app, cache, committed_db, make_user):
    user = make_user()
    slots = counters(app).slots_of([user.id])
    elsewhere(
        committed_db,
        "insert into two_factors (user_id, secret, confirmed_at, created_at) values (%s, 'x', now(), now())",
        user.id,
    )
    before = counters(app).read(slots)
    elsewhere(committed_db, "delete from two_factors where user_id = %s", user.id)
    wait_until(lambda: counters(app).read(slots) != before)


def test_while_nobody_listens_the_database_is_asked(cache, committed_db, asked, api, make_user, monkeypatch):
    program = api(make_user())
    me(program)
    monkeypatch.setattr(cache.listener, "is_proven", lambda: False)
    asked.clear()
    assert me(program).status_code == 200
    assert asked != []


def test_a_listener_that_lost_its_connection_starts_afresh(app, cache, committed_db, api, make_user):
    user = make_user(role="admin")
    program = api(user)
    me(program)
    numbers = counters(app).read((0,))
    elsewhere(
        committed_db,
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'identity-listener' and datname = current_database()",
    )
    wait_until(lambda: not time.monotonic() < cache.listener._trusted_until, PROMISED)
    elsewhere(committed_db, "update users set role = 'manager' where id = %s", user.id)
    assert me(program).json["role"] == "manager"
    wait_until(cache.listener.is_proven)
    assert counters(app).read((0,)) != numbers
    assert me(program).json["role"] == "manager"


def test_a_connection_that_listens_no_more_is_noticed(app, committed_db):
    made = []

    def connect(**options):
        made.append(psycopg.connect(committed_db, **options))
        return made[-1]

    listener = Listener(connect, connect, counters(app))
    wait_until(listener.is_proven)
    made[0].execute("unlisten *")
    wait_until(lambda: not time.monotonic() < listener._trusted_until, PROMISED)
    listener.stop()


def test_who_listens_to_another_database_is_never_trusted(app, committed_db, postgres, capsys):
    listener = Listener(
        partial(psycopg.connect, postgres.address), partial(psycopg.connect, committed_db), counters(app)
    )
    assert not listener.is_proven()
    seen = []
    wait_until(lambda: seen.append(capsys.readouterr().err) or "DATABASE_DIRECT_URL must name" in "".join(seen))
    assert not listener.is_proven()
    listener.stop()


def test_the_thread_ends_when_it_is_told_to(app, cache):
    thread = cache.listener._thread
    authentication.switch_off(app)
    assert not thread.is_alive()
    assert not cache.listener.is_proven()
    assert cache.listener._thread is thread


def test_a_kept_token_ends_on_time(deaf, api, make_user):
    program = api(make_user())
    me(program)
    with shifted(timedelta(minutes=15, seconds=1)):
        assert me(program).status_code == 401
    assert me(program).status_code == 200


def test_a_kept_session_ends_on_time(app, deaf, api, make_user):
    program = api(make_user())
    session = db.session.scalars(select(UserSession)).one()
    session.expires_at = now() + timedelta(seconds=30)
    db.session.commit()
    me(program)
    with shifted(timedelta(seconds=31)):
        assert me(program).status_code == 401


def test_a_change_while_it_is_being_read_is_not_missed(app, committed_db, make_user):
    """Whatever changes between the reading and the keeping makes that reading worthless."""
    cache, person = IdentityCache(counters(app)), make_user()
    known = Loaded(authentication.identity_of(person, UserSession(id=new_id(), kind="api", methods=[])))

    def load():
        counters(app).move([person.id])
        return known

    assert cache.get(b"t", "token", load) is known
    assert cache.find(b"t", "token") is None
    cache.get(b"t", "token", lambda: known)
    assert cache.find(b"t", "token") is known
    counters(app).move([EVERYTHING])
    assert cache.find(b"t", "token") is None


def test_another_kind_of_token_is_another_one(app, committed_db, make_user):
    cache, person = IdentityCache(counters(app)), make_user()
    known = Loaded(authentication.identity_of(person, UserSession(id=new_id(), kind="api", methods=[])))
    cache.get(COOKIE, "token", lambda: known)
    assert cache.find(BEARER, "token") is None


def test_it_is_asked_again_after_a_minute(app, committed_db, make_user):
    cache, person = IdentityCache(counters(app)), make_user()
    known = Loaded(authentication.identity_of(person, UserSession(id=new_id(), kind="api", methods=[])))
    cache.get(b"t", "token", lambda: known)
    with shifted(caching.LONGEST + timedelta(seconds=1)):
        assert cache.find(b"t", "token") is None


def test_memory_is_bounded():
    kept = Bounded(100)
    for number in range(1_000):
        kept.put(number, number)
    assert len(kept) == 100
    assert (kept.get(0), kept.get(999)) == (None, 999)


def test_without_a_file_a_process_counts_for_itself(tmp_path):
    (tmp_path / "file").write_text("")
    alone = Counters(tmp_path / "file" / "counters")
    record = new_id()
    before = alone.read(alone.slots_of([record]))
    alone.move([record])
    assert alone.read(alone.slots_of([record])) != before


def test_two_mappings_of_one_file_are_one(tmp_path):
    one, other = Counters(tmp_path / "counters"), Counters(tmp_path / "counters")
    record = new_id()
    before = other.read(other.slots_of([record]))
    one.move([record])
    assert other.read(other.slots_of([record])) != before


def test_a_use_is_noted_once_a_minute_by_the_thread(app, cache, api, make_user):
    program = api(make_user())
    session_id = db.session.scalars(select(UserSession.id)).one()
    long_ago = now() - timedelta(minutes=5)
    db.session.execute(update(UserSession).values(last_used_at=long_ago))
    db.session.commit()
    assert me(program).status_code == 200

    def noted():
        db.session.remove()
        return db.session.get(UserSession, session_id).last_used_at > long_ago

    wait_until(noted)


@pytest.fixture
def other_process(app, committed_db, tmp_path):
    started = []

    def start(data_dir):
        environment = os.environ | {
            "APP_ENV": "testing", "DATABASE_URL": committed_db, "RATE_LIMITS": "off", "DATA_DIR": str(data_dir),
            "SECRET_KEY": app.config["SETTINGS"].secret_key, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS], cwd=ROOT, env=environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        while (line := process.stdout.readline()) and line.strip() != "ready":
            pass

        def ask(token):
            process.stdin.write(f"{token}\n")
            return json.loads(process.stdout.readline())

        return ask

    yield start
    for process in started:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def token_of(program):
    return program.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")


def test_every_process_of_the_machine_knows_before_the_answer(app, cache, other_process, api, make_user):
    ask = other_process(app.config["SETTINGS"].data_dir)
    user = make_user(role="manager")
    program = api(user)
    token = token_of(program)
    assert ask(token)[1] == [200, "manager"]
    time.sleep(1.5)  # until the other one listens, and so keeps
    for role in ("admin", "manager") * 10:
        users.get_user(user.id).role = role
        db.session.commit()
        assert ask(token) == [[200, role], [200, role]]
    assert program.post("/api/auth/logout").status_code == 204
    assert [status for status, _ in ask(token)] == [401, 401]


def test_another_machine_knows_within_five_seconds(app, cache, other_process, api, make_user, tmp_path):
    ask = other_process(tmp_path / "another-machine")
    user = make_user(role="manager")
    program = api(user)
    token = token_of(program)
    ask(token)
    time.sleep(1.5)
    assert ask(token)[1] == [200, "manager"]
    assert program.post("/api/auth/logout").status_code == 204
    wait_until(lambda: ask(token)[0][0] == 401, PROMISED)


def test_no_request_after_a_new_role_acts_under_the_old_one(app, cache, make_user, api):
    """Four programs write as fast as they can while the role goes back and forth."""
    user = make_user(role="manager")
    token = token_of(api(user))
    acknowledged, done = [(0, "manager")], Event()
    body = {"name": "Atlas", "category": "Analytics", "description": "x", "price": "1.00"}

    def write():
        program, seen = bearer(app, token), {"manager": 0, "expert": 0}
        while not done.is_set():
            with app.app_context():
                before = acknowledged[0]
                status = program.post("/api/products", json=body).status_code
                after = acknowledged[0]
            if before == after and before[1] in seen:
                assert status == (201 if before[1] == "manager" else 403)
                seen[before[1]] += 1
        return seen

    with ThreadPoolExecutor(4) as threads:
        writers = [threads.submit(write) for _ in range(4)]
        try:
            for round_ in range(12):
                role = ("expert", "manager")[round_ % 2]
                acknowledged[0] = (round_, "changing")
                users.get_user(user.id, for_update=True).role = role
                db.session.commit()
                acknowledged[0] = (round_, role)
                time.sleep(0.06)
        finally:
            done.set()
        seen = [writer.result() for writer in writers]
    assert sum(each["expert"] for each in seen) > 0
    assert sum(each["manager"] for each in seen) > 0


def test_a_suspended_person_can_not_sign_in_again_or_go_on(app, cache, make_user, api):
    user = make_user(role="manager")
    program = api(user)
    me(program)
    suspend(user)
    db.session.commit()
    assert me(program).status_code == 401
    again = app.test_client().post("/api/auth/login", json={"username": user.username, "password": PASSWORD})
    assert again.status_code == 401
