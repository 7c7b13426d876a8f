"""Access tokens of the API: JWTs that live 15 minutes and name the sign-in that they were issued under (RFC 9068).

A token alone opens nothing: whether its sign-in and its user still may come in is known at every request, so that
sign-out, suspension and a new role count at once.
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from math import ceil
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, GuestProtocol

from app.core.addresses import outside_address
from app.core.bounded import Bounded
from app.core.clock import now
from app.core.ids import new_id
from app.extensions import db
from app.identity.models import Application, UserSession
from app.identity.signing_keys.keyring import KeyRing
from app.identity.signing_keys.operations import ALGORITHM

LIFETIME = timedelta(minutes=15)
TYPE = "at+jwt"
LONGEST = 4_000
FORMER_ISSUER = "diglit"
"""What tokens named before they named an address; the last of them ends 15 minutes after an update."""
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class AccessClaims:
    subject: UUID
    """The user, or the application that acts for its company alone."""
    session_id: UUID
    issued_at: int
    expires_at: int
    """Seconds since 1970, as JWTs count (RFC 7519)."""
    kid: str


class AccessTokens:
    """Issues and reads access tokens. A token's signature is checked once in this process, its end at each reading.

    A token names as its issuer what the metadata names (RFC 8414): `PUBLIC_URL`, or without it the address at which the
    sign-in came. Every process then takes what any of them has signed, whichever address that was.
    """

    def __init__(self, keys: KeyRing, public_url: str | None) -> None:
        self._keys = keys
        self._public_url = public_url
        self._read: Bounded[bytes, AccessClaims] = Bounded(_REMEMBERED)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            iss={"essential": True},
            aud={"essential": True},
            iat={"essential": True},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        )

    def issue(self, session: UserSession) -> str:
        """A token for a sign-in that is open; one of an application says which, and for what."""
        kid, key = self._keys.signing()
        issued = int(now().timestamp())
        issuer = outside_address()
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": issuer,
            "sub": str(session.user_id or session.application_id),
            "sid": str(session.id),
            "jti": str(new_id()),
            "iat": issued,
            "exp": issued + lifetime_of(session),
        }
        if session.application_id is not None:
            application = db.session.get_one(Application, session.application_id)
            claims |= {"client_id": application.identifier, "scope": " ".join(session.scopes or ())}
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": kid}, claims, key, algorithms=[ALGORITHM])

    def read(self, token: str) -> AccessClaims | None:
        """What the token says, when we signed it and it is not over; None otherwise, whatever it is."""
        if len(token) > LONGEST:
            return None
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._read.get(digest)
        if claims is None:
            claims = self._check(token)
            if claims is not None:
                self._read.put(digest, claims)
            return claims
        return claims if claims.expires_at > now().timestamp() and self._keys.checking(claims.kid) is not None else None

    def _check(self, token: str) -> AccessClaims | None:
        try:
            decoded = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
            claims = decoded.claims
            self._claims.validate(claims)
            if decoded.header.get("typ") != TYPE or not self._is_ours(claims):
                return None
            return AccessClaims(
                subject=UUID(claims["sub"]),
                session_id=UUID(claims["sid"]),
                issued_at=int(claims["iat"]),
                expires_at=int(claims["exp"]),
                kid=decoded.header["kid"],
            )
        except (JoseError, ValueError, TypeError, AttributeError, OverflowError):
            return None

    def _is_ours(self, claims: dict[str, Any]) -> bool:
        issuer = str(claims["iss"])
        if self._public_url is not None:
            known = issuer == self._public_url
        else:
            known = issuer.startswith(("http://", "https://")) or issuer == FORMER_ISSUER
        return known and claims["aud"] == issuer

    def _key_of(self, signature: GuestProtocol) -> ECKey:
        kid = signature.headers().get("kid")
        key = self._keys.checking(kid) if isinstance(kid, str) else None
        if key is None:
            raise InvalidKeyIdError(str(kid))
        return key


def lifetime_of(session: UserSession) -> int:
    """How many seconds a token that is issued now is good for."""
    return max(0, ceil(min(LIFETIME, session.expires_at - now()).total_seconds()))
