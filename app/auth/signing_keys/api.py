"""The public halves of the keys that sign access tokens, for whoever checks one (RFC 7517)."""

from typing import Any

from flask import Blueprint
from pydantic import BaseModel, Field

from app.api.operation import Answer, Example, operation
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.signing_keys import operations, queries

bp = Blueprint("signing_api", __name__, url_prefix="/api/auth")

_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "ImH1q-H8pnmxuyS6blaebQFojpKjxx8QWeZTM7vEGuc",
    "y": "FmMnSkCYBAGOVmwnEQzjwdA8GSxGAGAB8f9oVSsUlLc",
    "kid": "440mPzSAZIKdAo4Q2IfzDKLFXT8Dix2k5P05kP5OMOY",
    "use": "sig",
    "alg": "ES256",
}


class KeySetOut(BaseModel):
    """A JSON Web Key Set. The newest key comes first; one that is new may sign before a kept copy knows it."""

    keys: list[dict[str, Any]] = Field(examples=[[_KEY]])


@bp.get("/jwks.json")
@operation(allow="public", answers={200: KeySetOut}, tags=("Signing in",), example=Example(answer={"keys": [_KEY]}))
def jwks() -> Any:
    """Read the keys that access tokens are signed with.

    ES256. A key that has been replaced stays here until the last token that it signed is over. When a token names a
    key that isn't in your copy, read this again.
    """
    with as_system("signing keys have no tenant"):
        keys = queries.checking_keys()
        if not keys:
            operations.ensure_key()
            db.session.commit()
            keys = queries.checking_keys()
    return Answer({"keys": [key.jwk for key in keys]}, headers={"Cache-Control": "public, max-age=300"})
