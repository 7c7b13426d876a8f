"""Secrets are found in every spelling that a value gets on its way."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus, urlencode

import pytest

from app.automations.runs.values import MASK, Masking

SECRETS = ['p/w+"ä\\ö\n&<x>=', "tok_live_51Hx", "aaaa", "šifra s mezerou", "0123456789abcdef0123456789abcdef"]


@pytest.mark.parametrize("secret", SECRETS)
def test_each_spelling_is_masked(secret: str) -> None:
    mask = Masking([secret])
    spelled = [
        secret, quote(secret), quote(secret, safe=""), quote_plus(secret), urlencode({"k": secret}),
        re.sub("%..", lambda match: match[0].lower(), quote(secret, safe="")), json.dumps(secret),
        json.dumps(secret, ensure_ascii=False), html.escape(secret), secret.encode().hex(),
        base64.b64encode(secret.encode()).decode(), base64.urlsafe_b64encode(secret.encode()).decode(),
    ]  # fmt: skip
    for one in spelled:
        assert MASK in mask(f"before {one} after"), one
    for user in ("a", "an", "ann", "anna"):
        coded = base64.b64encode(f"{user}:{secret}:x".encode()).decode()
        masked = mask(coded)
        assert MASK in masked, user
        assert len(masked.replace(MASK, "")) <= len(coded) - len(secret.encode()) * 8 // 6 + 1


def test_keys_and_nested_values_are_masked() -> None:
    mask = Masking(["s3cret"])
    assert mask({"a s3cret": ["s3cret", {"b": "xs3crety"}], "n": 5}) == {"a •••": ["•••", {"b": "x•••y"}], "n": 5}


def test_a_cut_leaves_no_beginning_of_a_secret() -> None:
    mask = Masking(["0123456789"])
    assert mask.cut("body 01234567") == "body •••"
    assert mask.cut("body 0123456789") == "body •••"
    assert mask.cut("body 012") == "body 012"


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    assert Masking(["abcd", "abcdefgh"])("xabcdefghx") == f"x{MASK}x"
