"""OAuth 2.0 for third parties: what is refused, and how it is told."""

import base64
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.auth.oauth import operations
from app.core.audit import SYSTEM, AuditEntry, audit_as
from app.core.clock import shifted
from app.extensions import db
from app.identity.models import Application, Client, User
from tests.auth.oauth_party import (
    CALLBACK,
    VERIFIER,
    answer_of,
    challenge_of,
    code_for,
    exchange,
    get,
    make_application,
    request_for,
    tokens_for,
)

STRANGE = "https://evil.example/callback"


@pytest.fixture
def made(db_session):
    return make_application()


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": "\u00e9"},
        {"client_id": None},
        {"redirect_uri": STRANGE},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": f"{CALLBACK}?a=1"},
        {"redirect_uri": "HTTPS://shop.example/callback"},
        {"redirect_uri": 'https://shop.example/"\u00e9<script>'},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": STRANGE, "response_type": "token"},
        {"redirect_uri": STRANGE, "response_type": "nonsense"},
        {"client_id": "nobody", "response_type": "nonsense\u00e9"},
    ],
)
def test_an_unknown_application_or_address_is_told_here_and_nobody_is_sent_there(as_client, made, changes):
    for method in (as_client.get, as_client.post):
        answer = method(request_for(made, **changes))
        assert answer.status_code == 400, changes
        assert "Location" not in answer.headers
        assert "can’t be let in" in answer.text
        assert "<script>" not in answer.text.partition("</head>")[2]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": 'c\u00f6de"'}, "unsupported_response_type"),
        ({"scope": "settings:write"}, "invalid_scope"),
        ({"scope": "products:read products:write"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_the_application(as_client, made, changes, error):
    answer = as_client.get(request_for(made, **changes))
    told = answer_of(answer)
    assert answer.location.startswith(f"{CALLBACK}?")
    assert told["error"] == error
    assert told["state"] == "xyz"
    assert told["iss"] == "http://localhost"


def test_a_parameter_may_come_once_only(as_client, made):
    answer = as_client.get(request_for(made) + f"&redirect_uri={STRANGE}")
    assert answer.status_code == 400
    assert as_client.get(request_for(made) + "&state=2").status_code == 400


def test_a_public_application_must_use_pkce_and_one_with_a_secret_may_leave_it_out(app, as_client, made):
    without = {"code_challenge": None, "code_challenge_method": None}
    public = make_application(public=True)
    assert answer_of(as_client.get(request_for(public, **without)))["error"] == "invalid_request"
    code = code_for(as_client, made, **without)
    assert exchange(app.test_client(), made, code, code_verifier=None).status_code == 200


def test_a_verifier_for_a_code_without_a_challenge_is_a_downgrade(app, as_client, made):
    code = code_for(as_client, made, code_challenge=None, code_challenge_method=None)
    assert exchange(app.test_client(), made, code).json["error"] == "invalid_request"


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": None},
        {"code_verifier": "x" * 43},
        {"code_verifier": challenge_of(VERIFIER)},
        {"redirect_uri": STRANGE},
        {"redirect_uri": None},
        {"code": "nonsense"},
        {"code": "\u00e9"},
        {"code": None},
    ],
)
def test_a_bad_exchange_is_refused_and_spends_the_code(app, as_client, public, changes):
    made = make_application(public=public)
    code = code_for(as_client, made)
    answer = exchange(app.test_client(), made, code, **changes)
    assert answer.status_code == 400
    assert answer.json["error"] in ("invalid_grant", "invalid_request")
    assert answer.headers["Cache-Control"] == "no-store"
    if "code" not in changes:
        assert exchange(app.test_client(), made, code).json["error"] == "invalid_grant"


def test_a_code_works_once_and_its_second_use_ends_what_it_gave(app, as_client, made):
    code = code_for(as_client, made)
    first = exchange(app.test_client(), made, code).json
    assert exchange(app.test_client(), made, code).json["error"] == "invalid_grant"
    assert get(app, "/api/auth/me", first["access_token"]).status_code == 401
    told = select(AuditEntry.record_id).where(AuditEntry.action == "code-used-twice")
    assert db.session.scalars(told).all() == [as_client.user.id]


def test_another_application_gets_nothing_for_a_code(app, as_client, made):
    other = make_application()
    code = code_for(as_client, made)
    assert exchange(app.test_client(), other, code).json["error"] == "invalid_grant"
    code = code_for(as_client, made)
    tokens = exchange(app.test_client(), made, code).json
    assert exchange(app.test_client(), other, code).json["error"] == "invalid_grant"
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 200, "a stranger can't end it"


def test_a_code_is_good_for_a_minute(app, as_client, made):
    first, second = code_for(as_client, made), code_for(as_client, made)
    with shifted(timedelta(seconds=59)):
        assert exchange(app.test_client(), made, first).status_code == 200
    with shifted(timedelta(seconds=61)):
        assert exchange(app.test_client(), made, second).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "grant", ["password", "implicit", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", '\u00e9"']
)
def test_other_grants_are_refused(app, made, grant):
    answer = app.test_client().post(
        "/oauth/token",
        data={"grant_type": grant, "username": "a", "password": "b"},
        auth=(made.application.identifier, made.secret),
    )
    assert answer.status_code == 400
    assert answer.json["error"] in ("unsupported_grant_type", "unauthorized_client")


def post(app, path="/oauth/token", **options):
    return app.test_client().post(path, **options)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
def test_a_wrong_proof_is_refused(app, made, path):
    name, secret = made.application.identifier, made.secret
    data = {"grant_type": "client_credentials", "token": "x"}
    basic = [(name, "wrong"), ("nobody", secret), (name, ""), (name, secret + "\u00e9")]
    for proof in basic:
        answer = post(app, path, data=data, auth=proof)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), proof
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
    for header in ("Basic ///", "Basic", "Bearer x", "Basic " + base64.b64encode(b"\xff\xfe:x").decode()):
        answer = post(app, path, data=data, headers={"Authorization": header})
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), header
    for more in ({}, {"client_id": name}, {"client_id": name, "client_secret": "wrong"}, {"client_secret": secret}):
        answer = post(app, path, data=data | more)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client"), more


def test_two_proofs_at_once_are_refused(app, made):
    proof = (made.application.identifier, made.secret)
    data = {"grant_type": "authorization_code", "code": "x", "client_secret": made.secret}
    assert post(app, data=data, auth=proof).json["error"] == "invalid_request"


def test_a_public_application_can_not_pass_for_one_with_a_secret(app, as_client):
    public = make_application(public=True)
    code = code_for(as_client, public)
    assert exchange(app.test_client(), public, code, client_secret="anything").status_code == 401
    assert exchange(app.test_client(), public, code).status_code == 200


def test_secrets_in_the_address_are_not_read(app, made):
    address = f"/oauth/token?client_id={made.application.identifier}&client_secret={made.secret}"
    data = {"grant_type": "authorization_code", "code": "x"}
    assert post(app, address, data=data).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"json": {"grant_type": "authorization_code"}},
        {"data": {"grant_type": ["authorization_code", "refresh_token"]}},
        {"data": {"grant_type": "authorization_code\0"}},
        {"data": {"grant_type": "authorization_code", "code": "\0"}},
        {"data": b"\xff\xfe"},
    ],
)
def test_what_can_not_be_read_is_told_as_json(app, db_session, options):
    answer = post(app, **options)
    assert answer.status_code in (400, 401)
    assert answer.json["error"] in ("invalid_request", "invalid_client", "unsupported_grant_type")


def test_another_method_is_told_as_json(client):
    answer = client.get("/oauth/token")
    assert answer.status_code == 405
    assert answer.json["error"] == "invalid_request"
    assert "POST" in answer.headers["Allow"]


def test_a_wrong_secret_is_counted(app, limited, made):
    for _ in range(30):
        assert post(app, data={"grant_type": "x"}, auth=(made.application.identifier, "wrong")).status_code in (
            400,
            401,
        )
    data = {"grant_type": "client_credentials"}
    for _ in range(31):
        answer = post(app, data=data, auth=(made.application.identifier, "wrong"))
    assert answer.status_code == 429
    assert answer.json["error"] == "temporarily_unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def suspend(record):
    audit_as(db.session, actor=SYSTEM, action="suspend")
    record.status = "suspended"
    db.session.commit()


@pytest.mark.parametrize("whom", ["user", "the user's company", "the application's company", "application"])
def test_whoever_is_suspended_is_shut_out(app, as_client, made, whom):
    tokens, code = tokens_for(app, as_client, made), code_for(as_client, made)
    user = db.session.get(User, as_client.user.id)
    application = db.session.get(Application, made.application.id)
    if whom == "application":
        operations.delete_application(application, actor=SYSTEM)
        db.session.commit()
    else:
        about = {"user": user, "the user's company": user.client}
        suspend(about.get(whom) or db.session.get(Client, application.client_id))
    assert get(app, "/api/auth/me", tokens["access_token"]).status_code == 401
    assert exchange(app.test_client(), made, code).json["error"] in ("invalid_grant", "invalid_client")
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "code": None}
    answer = exchange(app.test_client(), made, "", **again)
    assert answer.json["error"] in ("invalid_grant", "invalid_client")


def test_nobody_grants_while_they_look_through_anothers_eyes_or_by_a_token(app, api, make_user, made):
    program = api(make_user(role="client"))
    assert program.get(request_for(made)).status_code == 303, "a token is no way into the portal"
