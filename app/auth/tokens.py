"""Access tokens of the API: JWTs that live 15 minutes and name the sign-in that they were issued under.

A token alone opens nothing: its sign-in and its user are looked up at every request, so that sign-out, suspension and
a new role count at once.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, OctKey

from app.core.clock import now

LIFETIME = timedelta(minutes=15)
ALGORITHM = "HS256"
ISSUER = "diglit"


@dataclass(frozen=True)
class AccessClaims:
    subject: UUID
    session_id: UUID


class AccessTokens:
    """Issues and reads access tokens. The newest key signs; each of `keys` is known by its `kid` and still checks."""

    def __init__(self, *keys: bytes) -> None:
        imported: list[Key] = [
            OctKey.import_key(key, {"kid": _key_id(key), "alg": ALGORITHM, "use": "sig"}) for key in keys
        ]
        self._newest = imported[0]
        self._all = KeySet(imported)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            iss={"essential": True, "value": ISSUER},
            exp={"essential": True},
            sub={"essential": True},
            sid={"essential": True},
        )

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        issued = int(now().timestamp())
        header = {"alg": ALGORITHM, "kid": self._newest.kid}
        claims = {
            "iss": ISSUER,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
        }
        return jwt.encode(header, claims, self._newest, algorithms=[ALGORITHM])

    def read(self, token: str) -> AccessClaims | None:
        """What the token says, when we signed it and it is not over; None otherwise, whatever it is."""
        try:
            claims = jwt.decode(token, self._all, algorithms=[ALGORITHM]).claims
            self._claims.validate(claims)
            return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]))
        except (JoseError, ValueError, TypeError, AttributeError):
            return None


def _key_id(key: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(key).digest()[:6]).decode()
