"""Access tokens that aren't ours, or not as we made them."""

import base64
import hmac
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select

from app.core.clock import shifted
from app.core.ids import new_id
from app.core.sealing import derived_key
from app.extensions import db
from app.identity import sessions
from app.identity.access_tokens import AccessTokens
from app.identity.cache.invalidation import counters
from app.identity.sessions import Device
from app.identity.signing_keys.keyring import KeyRing
from app.identity.signing_keys.models import SigningKey
from tests.factories import PASSWORD


@pytest.fixture
def tokens(app, db_session):
    return app.extensions["access_tokens"]


@pytest.fixture
def session(make_user):
    return sessions.start_session(make_user(), kind="api", device=Device("test", "")).session


@pytest.fixture
def good(tokens, session):
    return tokens.issue(session)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts(token):
    head, body, signature = token.split(".")
    return (*(json.loads(base64.urlsafe_b64decode(piece + "==")) for piece in (head, body)), signature)


def private_key():
    return ECKey.import_key(json.loads(db.session.scalars(select(SigningKey)).one().private_key))


def signed(claims, key=None, alg="ES256", typ="at+jwt", **header):
    key = key or private_key()
    return jwt.encode({"alg": alg, "typ": typ, **header}, claims, key, algorithms=[alg])


def test_a_token_says_who_and_under_which_sign_in(tokens, good, session):
    claims = tokens.read(good)
    assert (claims.subject, claims.session_id) == (session.user_id, session.id)
    head, body, _ = parts(good)
    assert (head["alg"], head["typ"]) == ("ES256", "at+jwt")
    assert head["kid"] == db.session.scalars(select(SigningKey.kid)).one()
    assert body["exp"] - body["iat"] == 900
    assert set(body) == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}


def test_two_tokens_are_never_the_same(tokens, good, session):
    assert parts(tokens.issue(session))[1]["jti"] != parts(good)[1]["jti"]


def test_a_token_does_not_outlive_its_sign_in(tokens, make_user):
    short = sessions.start_session(
        make_user(), kind="api", device=Device("test", ""), lifetime=timedelta(seconds=90)
    ).session
    _, body, _ = parts(tokens.issue(short))
    assert 88 <= body["exp"] - body["iat"] <= 90


def test_a_token_of_an_unknown_key_is_not_read(tokens, good):
    head, body, _ = parts(good)
    for kid in (head["kid"], "somebody-elses", None, 7, ["a"], {}, ""):
        stranger = ECKey.generate_key("P-256")
        forged = signed(body, stranger)
        assert tokens.read(f"{part({**parts(forged)[0], 'kid': kid})}.{forged.split('.', 1)[1]}") is None
        assert tokens.read(signed(body, stranger, **({"kid": kid} if isinstance(kid, str) else {}))) is None


def test_the_public_key_is_no_secret_to_sign_with(tokens, good):
    """The classic confusion: an HMAC over the token, with the public key as its secret."""
    head, body, _ = parts(good)
    public = db.session.scalars(select(SigningKey.public_key)).one()
    pem = ECKey.import_key(public).as_pem(private=False)
    for secret in (pem, json.dumps(public).encode(), base64.urlsafe_b64decode(public["x"] + "==")):
        for alg in ("HS256", "ES256"):
            text = f"{part({**head, 'alg': alg})}.{part(body)}"
            mac = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), "sha256")).rstrip(b"=").decode()
            assert tokens.read(f"{text}.{mac}") is None


def test_a_key_that_comes_along_in_the_header_counts_for_nothing(tokens, good):
    _, body, _ = parts(good)
    stranger = ECKey.generate_key("P-256")
    public = {"jwk": stranger.as_dict(private=False)}
    assert tokens.read(signed(body, stranger, kid=parts(good)[0]["kid"], **public)) is None


def test_a_signature_of_another_kind_is_refused(tokens, good):
    head, body, _ = parts(good)
    assert tokens.read(signed(body, RSAKey.generate_key(2048), alg="RS256", kid=head["kid"])) is None
    p384 = ECKey.generate_key("P-384")
    assert tokens.read(signed(body, p384, alg="ES384", kid=head["kid"])) is None


@pytest.mark.parametrize("typ", ["JWT", "id+jwt", "", "at+JWT "])
def test_a_token_of_another_type_is_refused(tokens, good, typ):
    head, body, _ = parts(good)
    assert tokens.read(signed(body, kid=head["kid"])) is not None
    assert tokens.read(signed(body, typ=typ, kid=head["kid"])) is None


def test_keys_for_different_purposes_differ():
    assert derived_key("one", "access-tokens") != derived_key("one", "refresh-tokens")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_a_token_without_a_signature_is_refused(tokens, good, alg):
    _, body, signature = parts(good)
    for ending in ("", signature):
        assert tokens.read(f"{part({'alg': alg, 'typ': 'JWT'})}.{part(body)}.{ending}") is None


def test_a_changed_claim_is_refused(tokens, good):
    head, body, signature = parts(good)
    assert tokens.read(f"{part(head)}.{part({**body, 'sub': str(new_id())})}.{signature}") is None


def test_every_changed_character_is_refused(tokens, good):
    for at in range(0, len(good) - 1, 7):
        other = "A" if good[at] != "A" else "B"
        assert tokens.read(good[:at] + other + good[at + 1 :]) is None


def test_an_expired_token_is_refused(tokens, good):
    assert tokens.read(good) is not None
    with shifted(timedelta(minutes=14, seconds=59)):
        assert tokens.read(good) is not None
    with shifted(timedelta(minutes=15, seconds=1)):
        assert tokens.read(good) is None


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "sid", "iat", "exp"])
def test_no_claim_may_be_missing(tokens, good, missing):
    head, body, _ = parts(good)
    del body[missing]
    assert tokens.read(signed(body, kid=head["kid"])) is None


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "elsewhere"},
        {"aud": "elsewhere"},
        {"iat": "now"},
        {"sub": "1"},
        {"sid": None},
        {"sid": 7},
        {"exp": "tomorrow"},
        {"exp": None},
    ],
)
def test_no_claim_may_be_odd(tokens, good, change):
    head, body, _ = parts(good)
    assert tokens.read(signed({**body, **change}, kid=head["kid"])) is None


def test_a_token_names_whom_the_metadata_names(app, client, make_user, monkeypatch):
    """Whichever address that is: every process takes what any of them has signed."""
    settings = app.config["SETTINGS"]
    user = make_user()
    for public, host in ((None, "localhost"), (None, "127.0.0.1:8000"), ("https://portal.example.com:8443", "x")):
        tokens = AccessTokens(KeyRing(counters(app)), public)
        monkeypatch.setitem(app.extensions, "access_tokens", tokens)
        monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"public_url": public}))
        sent = {"username": user.username, "password": PASSWORD}
        token = client.post("/api/auth/login", json=sent, headers={"Host": host}).json["access_token"]
        told = client.get("/.well-known/oauth-authorization-server", headers={"Host": host}).json
        claims = parts(token)[1]
        assert claims["iss"] == claims["aud"] == told["issuer"] == (public or f"http://{host}")
        for elsewhere in (host, "another.example.com"):
            headers = {"Host": elsewhere, "Authorization": f"Bearer {token}"}
            assert client.get("/api/auth/me", headers=headers).status_code == 200


def test_tokens_of_before_an_update_are_good_to_their_end(app, good):
    head, body, _ = parts(good)
    tokens = AccessTokens(KeyRing(counters(app)), None)
    assert tokens.read(signed({**body, "iss": "diglit", "aud": "diglit"}, kid=head["kid"])) is not None


def test_with_a_set_address_no_other_is_the_issuer(app, good):
    head, body, _ = parts(good)
    strict = AccessTokens(KeyRing(counters(app)), "https://portal.example.com")
    here = "https://portal.example.com"
    assert strict.read(signed({**body, "iss": here, "aud": here}, kid=head["kid"])) is not None
    for other in ("http://localhost", "diglit", f"{here}/"):
        assert strict.read(signed({**body, "iss": other, "aud": other}, kid=head["kid"])) is None


@pytest.mark.parametrize(
    "nonsense",
    ["", ".", "..", "a.b.c", "\0", "é.é.é", "a" * 10_000, "....", "eyJ.eyJ.", "[]", f"{part([])}.{part([])}.x"],
)
def test_nonsense_is_refused(tokens, nonsense):
    assert tokens.read(nonsense) is None


def test_a_signature_is_checked_once(tokens, good, monkeypatch):
    tokens.read(good)
    monkeypatch.setattr(tokens, "_check", None)
    assert tokens.read(good) is not None
