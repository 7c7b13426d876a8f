"""Checks an ID token as OpenID Connect Core 1.0, section 3.1.3.7, has it."""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, import_key

from app.core.clock import now
from app.integrations.openid.errors import BadAnswer

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
"""Signatures with a key that only the provider has: never `none`, never one with a secret that both know."""
LEEWAY = 60
LONGEST_SUBJECT = 255


class UnknownKey(BadAnswer):
    """It is signed with a key that the provider's set doesn't have; a newer set may."""


def algorithms_of(supported: Any) -> list[str]:
    """Those that the provider says it signs with and that are good enough here; RS256 where it doesn't say."""
    named = supported if isinstance(supported, list) else ["RS256"]
    return sorted(ALGORITHMS.intersection(name for name in named if isinstance(name, str)))


def read_id_token(
    token: str, keys: Mapping[str, Any], *, algorithms: Sequence[str], issuer: str, audience: str, nonce: str
) -> dict[str, Any]:
    """The claims of an ID token that holds. Raises UnknownKey or BadAnswer."""
    try:
        found = jwt.decode(token, _known(keys), algorithms=list(algorithms))
    except InvalidKeyIdError:
        raise UnknownKey("an ID token of an unknown key") from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadAnswer(f"an ID token that can't be read: {type(error).__name__}") from None
    claims = dict(found.claims)
    _check_parties(claims, issuer, audience)
    _check_times(claims)
    if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise BadAnswer("an ID token with another nonce")
    if not 1 <= len(_text(claims, "sub")) <= LONGEST_SUBJECT:
        raise BadAnswer("an ID token without a subject")
    return claims


def _known(keys: Mapping[str, Any]) -> KeySet:
    """The keys of kinds that are known here (RFC 7517, section 5: others are passed over)."""
    found = []
    for key in keys["keys"]:
        with suppress(JoseError, ValueError, TypeError, KeyError, AttributeError):
            found.append(import_key(key))
    return KeySet(found)


def _check_parties(claims: Mapping[str, Any], issuer: str, audience: str) -> None:
    if claims.get("iss") != issuer:
        raise BadAnswer("an ID token of another issuer")
    given = claims.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if audience not in audiences:
        raise BadAnswer("an ID token for another audience")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != audience:
        raise BadAnswer("an ID token for another party")


def _check_times(claims: Mapping[str, Any]) -> None:
    moment = now().timestamp()
    if moment >= _number(claims, "exp") + LEEWAY:
        raise BadAnswer("an ID token that has expired")
    if _number(claims, "iat") > moment + LEEWAY or ("nbf" in claims and _number(claims, "nbf") > moment + LEEWAY):
        raise BadAnswer("an ID token from the future")


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadAnswer(f"an ID token without {name}")
    return float(value)
