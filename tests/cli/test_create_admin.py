"""`flask --app wsgi create-admin`."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.extensions import db
from app.identity.models import User

PASSWORD = "quiet otter carries lamps"


@pytest.fixture
def run(app, db_session):
    def run(*arguments, **more):
        result = app.test_cli_runner().invoke(args=["create-admin", *arguments], **more)
        db.session.expire_all()
        return result

    return run


@pytest.fixture
def admin_password(app, monkeypatch):
    def set_password(value):
        settings = app.config["SETTINGS"].model_copy(update={"admin_password": value})
        monkeypatch.setitem(app.config, "SETTINGS", settings)

    return set_password


def admins():
    return db.session.scalars(select(User).where(User.role == "admin")).all()


def test_it_asks_for_what_it_needs(run, client):
    result = run(input=f"root\nroot@diglit.test\n{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert [(user.username, user.email) for user in admins()] == [("root", "root@diglit.test")]
    assert client.post("/login", data={"username": "root", "password": PASSWORD}).status_code == 303


def test_the_password_may_come_from_the_environment(run, admin_password):
    admin_password(PASSWORD)
    result = run("--username", "root", "--email", "root@diglit.test")
    assert result.exit_code == 0, result.output
    assert len(admins()) == 1


def test_there_is_no_option_for_the_password(run):
    result = run("--username", "root", "--email", "root@diglit.test", "--password", PASSWORD)
    assert result.exit_code == 2
    assert admins() == []


def test_it_is_audited(run, admin_password):
    admin_password(PASSWORD)
    run("--username", "root", "--email", "root@diglit.test")
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.record_label == "root")).one()
    assert (entry.actor_name, entry.via, entry.action) == ("system", "cli", "create")
    assert "password_hash" not in entry.after


@pytest.mark.parametrize(
    ("username", "email", "password", "said"),
    [
        ("root", "root@diglit.test", "password1234", "tried first"),
        ("root", "root@diglit.test", "short", "12 characters"),
        ("root@diglit.test", "root@diglit.test", PASSWORD, "--username"),
        ("", "root@diglit.test", PASSWORD, "--username"),
        ("x" * 61, "root@diglit.test", PASSWORD, "--username"),
        ("root", "nowhere", PASSWORD, "--email"),
        ("root", "root@diglit..test", PASSWORD, "--email"),
        ("Taken", "root@diglit.test", PASSWORD, "is taken"),
        ("root", "TAKEN@diglit.test", PASSWORD, "There is an account"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(run, admin_password, make_user, username, email, password, said):
    make_user(username="taken", email="taken@diglit.test")
    admin_password(password)
    result = run("--username", username, "--email", email)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert admins() == []
