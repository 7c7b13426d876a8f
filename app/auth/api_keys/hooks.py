"""A call that brings an API key: who it is, and whether it may come from there."""

from time import monotonic

from flask import Request, request

from app.auth.api_keys import key_format, operations, queries
from app.auth.api_keys.models import ApiKey
from app.auth.api_keys.networks import is_allowed
from app.auth.api_keys.operations import AddressNotAllowed
from app.auth.brute_force import attempts
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.cache.store import Loaded
from app.identity.identities import Identity, picture_of


def load(token: str, _asked: Request) -> Loaded | None:
    """The identity behind a key. A wrong one is counted, and raises TooManyRequests when there were too many."""
    found = queries.find_usable(key_format.hash_of(token)) if key_format.is_well_written(token) else None
    if found is None:
        attempts.count_secret("api-key", request.remote_addr or "")
        return None
    key = found.key
    known = Identity(
        **picture_of(found.user),
        kind="key",
        session_id=None,
        scopes=frozenset(key.scopes),
        key_id=key.id,
        requests_per_minute=key.requests_per_minute,
    )
    return Loaded(known, until=key.expires_at, admit=_Doorkeeper(key))


class _Doorkeeper:
    """Lets calls with a key in by their address, and notes that the key is in use."""

    def __init__(self, key: ApiKey) -> None:
        self._key_id = key.id
        self._allowed = tuple(key.allowed_addresses)
        self._noted_at = float("-inf")

    def __call__(self, address: str) -> None:
        if not is_allowed(address, self._allowed):
            attempts.count_secret("api-key", address)
            raise AddressNotAllowed(address)
        moment = monotonic()
        if moment - self._noted_at < operations.USE_NOTED_EVERY.total_seconds():
            return
        self._noted_at = moment
        with as_system("a key's use is noted before its owner's context is set"):
            operations.note_use(self._key_id, address)
            # In any case: a row that was looked at for a change stays locked as long as its transaction lasts.
            db.session.commit()
