"""The provider that the settings name: where to send people, and who they are when they come back."""

import hmac
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.integrations.openid.errors import BadAnswer, Declined, ProviderDown
from app.integrations.openid.fetching import fetch_json
from app.integrations.openid.tokens import UnknownKey, algorithms_of, read_id_token

KEPT = 3600.0
KEYS_ASKED_EVERY = 60.0
"""A token with a key that isn't known makes us ask for the keys again, though not more often."""
SCOPE = ("openid", "email", "profile")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class Someone:
    """Whom the provider knows: by `issuer` and `subject` for ever, by an address that it has verified or not."""

    issuer: str
    subject: str
    email: str
    email_is_verified: bool


@dataclass(frozen=True)
class Proofs:
    """What ties an answer to the question (RFC 7636, RFC 6749 10.12): known to this browser's flow alone."""

    state: str
    nonce: str
    verifier: str


@dataclass
class _Kept:
    value: dict[str, Any]
    at: float


@dataclass
class Provider:
    """An OpenID Connect provider. What it says of itself and its keys are kept for an hour; safe in threads."""

    issuer: str
    client_id: str
    client_secret: str | None
    transport: httpx.BaseTransport | None = None
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address_to_ask(self, proofs: Proofs, redirect_uri: str) -> str:
        """Where the person goes to say who they are."""
        return str(
            prepare_grant_uri(
                self._metadata()["authorization_endpoint"],
                client_id=self.client_id,
                response_type="code",
                redirect_uri=redirect_uri,
                scope=" ".join(SCOPE),
                state=proofs.state,
                nonce=proofs.nonce,
                code_challenge=create_s256_code_challenge(proofs.verifier),
                code_challenge_method="S256",
            )
        )

    def identify(self, answer: Mapping[str, str], proofs: Proofs, redirect_uri: str) -> Someone:
        """Who came back with that answer. Raises Declined, BadAnswer or ProviderDown."""
        metadata = self._metadata()
        if not hmac.compare_digest(answer.get("state", "").encode(), proofs.state.encode()):
            raise BadAnswer("another state")
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"]:  # RFC 9207
            raise BadAnswer("an answer of another issuer")
        if answer.get("error"):
            raise _refusal(answer["error"])
        if not answer.get("code"):
            raise BadAnswer("no code")
        tokens = self._exchange(answer["code"], proofs.verifier, redirect_uri)
        claims = self._claims(tokens["id_token"], proofs.nonce)
        if "email" not in claims:
            claims = {**self._more_about(tokens, claims["sub"]), **claims}
        email = claims.get("email")
        return Someone(
            metadata["issuer"],
            claims["sub"],
            email if isinstance(email, str) and email.isprintable() and len(email) <= 254 else "",
            claims.get("email_verified") is True,
        )

    def _exchange(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        sent = {"code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
        metadata, headers = self._metadata(), {}
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self.client_secret is None:
            sent["client_id"] = self.client_id
        elif "client_secret_basic" in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            sent |= {"client_id": self.client_id, "client_secret": self.client_secret}
        body = prepare_token_request("authorization_code", **sent)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        found = fetch_json(
            "POST", metadata["token_endpoint"], content=body.encode(), headers=headers, transport=self.transport
        )
        if "error" in found:
            raise BadAnswer(f"the code was refused: {_word(found['error'])}")
        if not isinstance(found.get("id_token"), str):
            raise BadAnswer("no ID token")
        return found

    def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        metadata = self._metadata()
        terms: dict[str, Any] = {
            "algorithms": algorithms_of(metadata.get("id_token_signing_alg_values_supported")),
            "issuer": metadata["issuer"],
            "audience": self.client_id,
            "nonce": nonce,
        }
        try:
            return read_id_token(id_token, self._keys(), **terms)
        except UnknownKey:
            return read_id_token(id_token, self._keys(newer_than=KEYS_ASKED_EVERY), **terms)

    def _more_about(self, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """What the provider tells apart from the ID token (section 5.3); nothing of anybody else."""
        address, token = self._metadata().get("userinfo_endpoint"), tokens.get("access_token")
        if not isinstance(address, str) or not isinstance(token, str):
            return {}
        found = fetch_json("GET", address, headers={"Authorization": f"Bearer {token}"}, transport=self.transport)
        return found if found.get("sub") == subject else {}

    def _metadata(self) -> dict[str, Any]:
        return self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", KEPT, self._check_metadata)

    def _keys(self, newer_than: float = KEPT) -> dict[str, Any]:
        return self._get(self._metadata()["jwks_uri"], newer_than, _check_keys)

    def _get(self, url: str, newer_than: float, check: Any) -> dict[str, Any]:
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and time.monotonic() - kept.at < newer_than:
            return kept.value
        found = fetch_json("GET", url, transport=self.transport)
        check(found)
        with self._lock:
            self._kept[url] = _Kept(found, time.monotonic())
        return found

    def _check_metadata(self, found: Mapping[str, Any]) -> None:
        """That it speaks for the issuer, and sends nobody to where less protects them (Discovery 1.0, 4.3)."""
        if not isinstance(found.get("issuer"), str) or found["issuer"].rstrip("/") != self.issuer.rstrip("/"):
            raise BadAnswer("metadata of another issuer")
        schemes = ("https",) if urlsplit(self.issuer).scheme == "https" else ("https", "http")
        used = [name for name in (*_ENDPOINTS, "userinfo_endpoint") if name in _ENDPOINTS or name in found]
        for name in used:
            parts = urlsplit(found[name]) if isinstance(found.get(name), str) else None
            if parts is None or parts.scheme not in schemes or not parts.hostname:
                raise BadAnswer(f"metadata with an unfit {name}")


def _check_keys(found: Mapping[str, Any]) -> None:
    if not isinstance(found.get("keys"), list):
        raise BadAnswer("no key set")


def _refusal(error: str) -> Exception:
    if error in ("server_error", "temporarily_unavailable"):
        return ProviderDown(f"the provider says {error}")
    return Declined(_word(error))


def _word(error: object) -> str:
    """An error's code, as far as it is one (RFC 6749 5.2): what a stranger may have put into the address is no word."""
    text = str(error)
    return text if len(text) <= 60 and text.replace("_", "").isalnum() and text.isascii() else "an unknown error"
