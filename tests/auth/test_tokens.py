"""Access tokens that aren't ours, or not as we made them."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.auth.tokens import ALGORITHM, AccessTokens
from app.core.clock import shifted
from app.core.ids import new_id
from app.core.sealing import derived_key

KEY = derived_key("a secret of forty-eight characters, or thereabouts", "access-tokens")
USER, SESSION = new_id(), new_id()


@pytest.fixture
def tokens():
    return AccessTokens(KEY)


@pytest.fixture
def good(tokens):
    return tokens.issue(USER, SESSION)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def parts(token):
    head, body, signature = token.split(".")
    return (*(json.loads(base64.urlsafe_b64decode(piece + "==")) for piece in (head, body)), signature)


def signed(claims, key=KEY, **header):
    known = OctKey.import_key(key)
    return jwt.encode({"alg": ALGORITHM, **header}, claims, known, algorithms=["HS256", "HS512"])


def test_a_token_says_who_and_under_which_sign_in(tokens, good):
    assert (tokens.read(good).subject, tokens.read(good).session_id) == (USER, SESSION)
    head, body, _ = parts(good)
    assert head["kid"]
    assert body["exp"] - body["iat"] == 900
    assert set(body) == {"iss", "sub", "sid", "iat", "exp"}


def test_a_token_of_a_retired_key_is_still_read(good):
    rotated = AccessTokens(derived_key("the next secret", "access-tokens"), KEY)
    assert rotated.read(good).subject == USER
    assert parts(rotated.issue(USER, SESSION))[0]["kid"] != parts(good)[0]["kid"]


def test_a_token_of_an_unknown_key_is_not(good):
    assert AccessTokens(derived_key("another secret", "access-tokens")).read(good) is None


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


def test_another_algorithm_with_the_right_key_is_refused(tokens, good):
    head, body, _ = parts(good)
    assert tokens.read(signed(body, kid=head["kid"], alg="HS512")) is None


def test_an_expired_token_is_refused(tokens, good):
    with shifted(timedelta(minutes=16)):
        assert tokens.read(good) is None


@pytest.mark.parametrize("missing", ["iss", "sub", "sid", "exp"])
def test_no_claim_may_be_missing(tokens, good, missing):
    head, body, _ = parts(good)
    del body[missing]
    assert tokens.read(signed(body, kid=head["kid"])) is None


@pytest.mark.parametrize(
    "change", [{"iss": "elsewhere"}, {"sub": "1"}, {"sid": None}, {"sid": 7}, {"exp": "tomorrow"}, {"exp": None}]
)
def test_no_claim_may_be_odd(tokens, good, change):
    head, body, _ = parts(good)
    assert tokens.read(signed({**body, **change}, kid=head["kid"])) is None


@pytest.mark.parametrize(
    "nonsense",
    ["", ".", "..", "a.b.c", "\0", "é.é.é", "a" * 10_000, "....", "eyJ.eyJ.", "[]", f"{part([])}.{part([])}.x"],
)
def test_nonsense_is_refused(tokens, nonsense):
    assert tokens.read(nonsense) is None
