"""What the provider says is believed only where it holds: crafted answers from one that means harm, or is broken."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.core.clock import frozen, now
from app.integrations.openid import provider as module
from app.integrations.openid.errors import BadAnswer, Declined, ProviderDown
from app.integrations.openid.fetching import MOST_BYTES
from app.integrations.openid.provider import Proofs, Provider

ISSUER = "https://id.example"
BACK = "https://portal.example/login/provider/callback"
PROOFS = Proofs("a-state", "a-nonce", "v" * 43)
GOOD = {"code": "a-code", "state": "a-state"}
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})


def claims(**changed):
    moment = int(now().timestamp())
    found = {
        "iss": ISSUER,
        "aud": "portal",
        "sub": "someone",
        "nonce": "a-nonce",
        "iat": moment,
        "exp": moment + 300,
        "email": "someone@example.com",
        "email_verified": True,
    }
    return {name: value for name, value in (found | changed).items() if value is not None}


class Fake:
    """A provider in memory, whose every answer can be bent."""

    def __init__(self):
        self.metadata = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/me",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        self.keys = [KEY]
        self.asked = []
        self.answers = {}
        self.sign_with, self.header, self.claims = KEY, {"alg": "RS256", "kid": "one"}, claims()

    def id_token(self):
        return jwt.encode(self.header, self.claims, self.sign_with, algorithms=[self.header["alg"]])

    def __call__(self, request):
        self.asked.append(request)
        path = request.url.path
        if path in self.answers:
            answer = self.answers[path]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.metadata)
        if path == "/keys":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if path == "/token":
            return httpx.Response(200, json={"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()})
        return httpx.Response(200, json={"sub": "someone", "email": "told@example.com", "email_verified": True})

    def times(self, path):
        return sum(request.url.path == path for request in self.asked)


class Wire(httpx.BaseTransport):
    """Hands out what the fake says as it comes over a wire: not read yet."""

    def __init__(self, fake):
        self.fake = fake

    def handle_request(self, request):
        request.read()
        answer = self.fake(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def provider(fake):
    return Provider(ISSUER, "portal", "s3cret & more", transport=Wire(fake))


def identify(provider, **answer):
    return provider.identify(GOOD | answer, PROOFS, BACK)


def refused(provider, **answer):
    with pytest.raises(BadAnswer) as told:
        identify(provider, **answer)
    return str(told.value)


def test_who_it_is_comes_out_of_a_token_that_holds(provider, fake):
    someone = identify(provider)
    assert (someone.issuer, someone.subject) == (ISSUER, "someone")
    assert (someone.email, someone.email_is_verified) == ("someone@example.com", True)
    sent = next(request for request in fake.asked if request.url.path == "/token")
    form = parse_qs(sent.content.decode())
    assert form == {
        "grant_type": ["authorization_code"],
        "code": ["a-code"],
        "redirect_uri": [BACK],
        "code_verifier": [PROOFS.verifier],
    }
    assert sent.headers["Authorization"].startswith("Basic ")


def test_the_secret_goes_into_the_body_where_the_provider_wants_it(provider, fake):
    fake.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    identify(provider)
    form = parse_qs(fake.asked[-2].content.decode() or fake.asked[-1].content.decode())
    assert form["client_secret"] == ["s3cret & more"]


def test_a_public_client_sends_no_secret(fake):
    identify(Provider(ISSUER, "portal", None, transport=Wire(fake)))
    sent = next(request for request in fake.asked if request.url.path == "/token")
    assert "Authorization" not in sent.headers
    assert parse_qs(sent.content.decode())["client_id"] == ["portal"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"aud": ["portal", "another"]}, "another party"),
        ({"aud": ["portal", "another"], "azp": "another"}, "another party"),
        ({"azp": "another"}, "another party"),
        ({"nonce": "another"}, "another nonce"),
        ({"nonce": None}, "another nonce"),
        ({"nonce": 7}, "another nonce"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "without exp"),
        ({"exp": "tomorrow"}, "without exp"),
        ({"exp": True}, "without exp"),
        ({"iat": None}, "without iat"),
        ({"iat": 2**40}, "from the future"),
        ({"nbf": 2**40}, "from the future"),
        ({"sub": None}, "without a subject"),
        ({"sub": ""}, "without a subject"),
        ({"sub": 7}, "without a subject"),
        ({"sub": "x" * 256}, "without a subject"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused(provider, fake, changed, reason):
    fake.claims = claims(**changed)
    assert reason in refused(provider)


def test_several_audiences_are_taken_where_the_token_is_for_us(provider, fake):
    fake.claims = claims(aud=["portal", "another"], azp="portal")
    assert identify(provider).subject == "someone"


def test_a_token_is_good_for_its_time_and_a_minute(provider, fake):
    with frozen(now() + timedelta(seconds=350)):
        assert identify(provider)
    with frozen(now() + timedelta(seconds=365)):
        assert "expired" in refused(provider)


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJub25lIn0.e30.",
        "not a token",
        "a.b.c",
        "",
        json.dumps({"sub": "someone"}),
    ],
)
def test_what_is_not_signed_is_refused(provider, fake, token):
    fake.answers["/token"] = httpx.Response(200, json={"id_token": token})
    refused(provider)


def test_no_algorithm_with_a_shared_secret_is_taken(provider, fake):
    """The public key, used as a secret, signs nothing (RFC 8725 2.1)."""
    fake.metadata["id_token_signing_alg_values_supported"] = ["RS256", "HS256", "none"]
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=")
    body = urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    for secret in (KEY.as_pem(private=False), b"s3cret & more"):
        signature = urlsafe_b64encode(hmac.digest(secret, head + b"." + body, "sha256")).rstrip(b"=")
        token = b".".join((head, body, signature)).decode()
        fake.answers["/token"] = httpx.Response(200, json={"id_token": token})
        refused(provider)


def test_another_algorithm_than_the_provider_names_is_refused(provider, fake):
    fake.header = {"alg": "RS512", "kid": "one"}
    refused(provider)


def test_anothers_signature_under_a_known_name_is_refused(provider, fake):
    fake.sign_with = RSAKey.generate_key(2048, {"kid": "one"})
    refused(provider)


def test_a_token_names_its_key_unless_there_is_but_one(provider, fake):
    fake.header = {"alg": "RS256"}
    assert identify(provider).subject == "someone"


def test_among_several_keys_a_token_must_name_its_own(provider, fake):
    """OpenID Connect Core 10.1."""
    fake.keys, fake.header = [NEXT_KEY, KEY], {"alg": "RS256"}
    refused(provider)


def test_keys_of_kinds_that_nobody_knows_are_passed_over(provider, fake):
    keys = [{"kty": "MOON", "kid": "m"}, "nonsense", {"kty": "RSA", "kid": "broken"}, KEY.as_dict(private=False)]
    fake.answers["/keys"] = httpx.Response(200, json={"keys": keys})
    assert identify(provider).subject == "someone"


def test_a_tampered_token_is_refused(provider, fake):
    head, body, signature = fake.id_token().split(".")
    fake.answers["/token"] = httpx.Response(200, json={"id_token": f"{head}.{body[:-2]}AA.{signature}"})
    refused(provider)


def test_new_keys_are_fetched_when_a_token_names_one(provider, fake, monkeypatch):
    identify(provider)
    assert fake.times("/keys") == 1
    identify(provider)
    assert fake.times("/keys") == 1
    fake.keys, fake.sign_with, fake.header = [NEXT_KEY], NEXT_KEY, {"alg": "RS256", "kid": "two"}
    monkeypatch.setattr(module, "KEYS_ASKED_EVERY", 0.0)
    assert identify(provider).subject == "someone"
    assert fake.times("/keys") == 2


def test_unknown_keys_do_not_make_us_ask_without_end(provider, fake):
    identify(provider)
    fake.sign_with, fake.header = NEXT_KEY, {"alg": "RS256", "kid": "two"}
    for _ in range(5):
        assert "unknown key" in refused(provider)
    assert fake.times("/keys") == 1


def test_what_the_provider_says_of_itself_is_asked_once_an_hour(provider, fake):
    for _ in range(3):
        identify(provider)
    assert fake.times("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://id.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"userinfo_endpoint": "ftp://id.example"},
        {"token_endpoint": ["https://id.example/token"]},
    ],
)
def test_metadata_that_does_not_hold_is_refused(provider, fake, changed):
    fake.metadata |= changed
    with pytest.raises(BadAnswer):
        provider.address_to_ask(PROOFS, BACK)


def test_an_answer_of_another_issuer_is_refused(provider):
    assert "another issuer" in refused(provider, iss="https://evil.example")
    assert identify(provider, iss=ISSUER)


def test_another_state_is_refused_before_the_code_is_used(provider, fake):
    assert "another state" in refused(provider, state="another")
    assert fake.times("/token") == 0


def test_refusals_are_told_apart_from_troubles(provider):
    with pytest.raises(Declined):
        identify(provider, error="access_denied")
    with pytest.raises(ProviderDown):
        identify(provider, error="temporarily_unavailable")
    with pytest.raises(Declined, match="an unknown error"):
        identify(provider, error="x\nforged log line")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectTimeout("slow"),
        httpx.ConnectError("no"),
        httpx.ReadError("gone"),
        httpx.Response(500),
        httpx.Response(503, text="busy"),
        httpx.Response(429),
    ],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_provider_in_trouble_is_down(provider, fake, path, answer):
    fake.answers[path] = answer
    with pytest.raises(ProviderDown):
        identify(provider)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=["a", "list"]),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(302, headers={"Location": "http://169.254.169.254/"}),
        httpx.Response(404),
        httpx.Response(200, content=b" " * (MOST_BYTES + 1)),
        httpx.Response(200, json={"error": "invalid_grant"}),
        httpx.Response(400, json={"error": "invalid_grant"}),
        httpx.Response(200, json={"id_token": None}),
    ],
    ids=range(10),
)
def test_a_nonsensical_answer_is_refused(provider, fake, answer):
    fake.answers["/token"] = answer
    refused(provider)


def test_a_packed_answer_is_not_unpacked(provider, fake):
    fake.answers["/token"] = httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=b"")
    refused(provider)


def test_what_the_token_leaves_out_is_asked_apart_and_only_of_the_same_person(provider, fake):
    fake.claims = claims(email=None, email_verified=None)
    assert identify(provider).email == "told@example.com"
    fake.answers["/me"] = httpx.Response(200, json={"sub": "another", "email": "x@example.com", "email_verified": True})
    someone = identify(provider)
    assert (someone.email, someone.email_is_verified) == ("", False)


@pytest.mark.parametrize("verified", ["true", 1, None, [], False])
def test_an_address_is_verified_only_where_it_says_true(provider, fake, verified):
    fake.claims = claims(email_verified=verified)
    assert not identify(provider).email_is_verified


@pytest.mark.parametrize("email", [7, ["a@b.c"], "a@b.c\nx", "x" * 300])
def test_an_odd_address_is_none(provider, fake, email):
    fake.claims = claims(email=email)
    assert identify(provider).email == ""


def test_the_question_carries_challenge_and_not_the_verifier(provider):
    address = provider.address_to_ask(PROOFS, BACK)
    asked = parse_qs(urlsplit(address).query)
    assert asked["state"] == ["a-state"]
    assert PROOFS.verifier not in address
    assert asked["code_challenge_method"] == ["S256"]
