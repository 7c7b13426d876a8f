"""`flask --app wsgi remove-factors`."""

import secrets

import pytest
from sqlalchemy import func, select

from app.auth.mfa.models import Passkey, RecoveryCode, TwoFactor
from app.core.audit import AuditEntry
from app.extensions import db
from tests.factories import PASSWORD
from tests.factories.factors import make_two_factor


@pytest.fixture
def run(app, db_session):
    def run(*arguments):
        result = app.test_cli_runner().invoke(args=["remove-factors", *arguments])
        db.session.expire_all()
        return result

    return run


def how_many(model, user):
    return db.session.scalar(select(func.count()).select_from(model).where(model.user_id == user.id))


def test_it_takes_them_all_and_leaves_others_theirs(run, client, make_user):
    user, other = make_user(), make_user()
    for owner in (user, other):
        make_two_factor(owner)
        db.session.add(Passkey(user_id=owner.id, credential_id=secrets.token_bytes(8), public_key=b"k", name="Key"))
    db.session.commit()
    result = run(user.email)
    assert result.exit_code == 0, result.output
    for model, count in ((TwoFactor, 1), (RecoveryCode, 10), (Passkey, 1)):
        assert (how_many(model, user), how_many(model, other)) == (0, count)
    answer = client.post("/api/auth/login", json={"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200
    actions = ("two-factor-off", "passkey-removed")
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action.in_(actions))).all()
    assert {(entry.record_id, entry.actor_name, entry.via) for entry in entries} == {(user.id, "system", "cli")}
    assert len(entries) == 2


def test_an_unknown_name_is_said_so(run):
    result = run("nobody-here")
    assert result.exit_code == 1
    assert "There is no user" in result.output


def test_one_who_has_none_is_left_as_is(run, make_user):
    assert run(make_user().username).exit_code == 0
