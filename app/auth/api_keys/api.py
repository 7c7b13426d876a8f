"""API keys in the JSON API. A program can't make keys, nor see them: these paths are a person's."""

from datetime import timedelta
from typing import Any

from flask import Blueprint
from pydantic import BaseModel

from app.api import access
from app.api.operation import Answer, Example, Loaded, operation_with
from app.api.paging import list_answer
from app.auth.api_keys import operations, queries
from app.auth.api_keys.models import ApiKey
from app.auth.api_keys.operations import Made
from app.auth.api_keys.schemas import ApiKeyChange, ApiKeyInput, ApiKeyOut, NewApiKeyOut, RotationInput
from app.core.addresses import api_prefix
from app.core.lists import query_schema
from app.core.schemas import changes_of, partial
from app.identity.policy import is_staff

bp = Blueprint("api_keys_api", __name__, url_prefix="/api/api-keys")

operation = operation_with(tags=("API keys",))
ID = {"key_id": "The id of the API key."}
_ID = "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e11"
_KEY = {
    "id": _ID,
    "name": "Stock import",
    "prefix": "dlk_7Qm2xK9d",
    "scopes": ["products:read"],
    "allowed_addresses": ["203.0.113.0/24"],
    "requests_per_minute": None,
    "expires_at": "2027-12-01T00:00:00Z",
    "user_id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e02",
    "client_id": "019aa8f0-5b20-7d11-8c1e-3a0c1d2e3f40",
    "replaced_by_id": None,
    "last_used_at": "2026-11-22T09:45:00Z",
    "last_used_address": "203.0.113.7",
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
_NEW = {**_KEY, "last_used_at": None, "last_used_address": None, "key": "dlk_7Qm2xK9d_…"}


@bp.get("")
@operation(
    allow="person",
    query=query_schema(queries.LISTING),
    answers={200: list[ApiKeyOut]},
    example=Example(query="limit=2", answer=[_KEY]),
    problems=(404,),
    paged=True,
)
def list_api_keys(query: Any) -> Answer:
    """List API keys.

    Your own; for an owner the company's; for staff all, which `client_id` narrows to a company's. Revoked ones are left
    out unless `state` asks for them.
    """
    person = access.actor()
    asked = queries.narrowed(query, person=person)
    return list_answer(queries.LISTING, asked, staff=is_staff(person), options=queries.WITH_USE)


@bp.post("")
@operation(
    allow="person",
    body=ApiKeyInput,
    server_sets=NewApiKeyOut,
    answers={201: NewApiKeyOut},
    example=Example(
        body={"name": "Stock import", "scopes": ["products:read"], "allowed_addresses": ["203.0.113.0/24"]},
        answer=_NEW,
    ),
    problems=(409,),
)
def create_api_key(body: ApiKeyInput) -> Answer:
    """Make an API key.

    It acts for you, within its scopes, which are names of permissions that you have. `key` is told this once: send it
    as `Authorization: Bearer dlk_…`.
    """
    return _told_once(operations.create_key(body, actor=access.actor()))


@bp.get("/<key_id>")
@operation(
    allow="person",
    path=ID,
    answers={200: ApiKeyOut},
    example=Example(path={"key_id": _ID}, answer=_KEY),
)
def get_api_key(key_id: str) -> ApiKey:
    """Read one API key, without what it is."""
    return queries.get_key(key_id, person=access.actor())


def _locked(key_id: str) -> ApiKey:
    return queries.get_key(key_id, person=access.actor(), for_update=True)


@bp.patch("/<key_id>")
@operation(
    allow="person",
    path=ID,
    body=partial(ApiKeyChange),
    server_sets=NewApiKeyOut,
    answers={200: ApiKeyOut},
    example=Example(path={"key_id": _ID}, body={"name": "Stock import"}, answer=_KEY),
    conditional=Loaded(_locked, get_api_key),
)
def update_api_key(key: ApiKey, body: BaseModel) -> ApiKey:
    """Change the name, the allowed addresses or the limit of an API key.

    Send only the fields that change. More than 600 requests a minute is for staff to grant.
    """
    return operations.update_key(key, changes_of(body), actor=access.actor())


@bp.delete("/<key_id>")
@operation(
    allow="person",
    path=ID,
    answers={204: None},
    example=Example(path={"key_id": _ID}),
    conditional=Loaded(_locked, get_api_key),
)
def revoke_api_key(key: ApiKey) -> None:
    """Revoke an API key. It opens nothing from now on."""
    operations.revoke_key(key, actor=access.actor())


@bp.post("/<key_id>/rotate")
@operation(
    allow="person",
    path=ID,
    body=RotationInput,
    body_is_optional=True,
    answers={201: NewApiKeyOut},
    example=Example(path={"key_id": _ID}, body={"overlap_seconds": 86400}, answer=_NEW),
    problems=(409,),
)
def rotate_api_key(key_id: str, body: RotationInput) -> Answer:
    """Replace an API key by a new one that may do the same.

    The old one stays good for `overlap_seconds` (30 days at most), though not for longer than it would have. Only the
    person whose key it is can do this.
    """
    person = access.actor()
    key = queries.get_key(key_id, person=person, for_update=True)
    return _told_once(operations.rotate_key(key, overlap=timedelta(seconds=body.overlap_seconds), actor=person))


def _told_once(made: Made) -> Answer:
    told = {name: getattr(made.record, name) for name in ApiKeyOut.model_fields}
    location = f"{api_prefix()}/api-keys/{made.record.id}"
    return Answer({**told, "key": made.key}, headers={"Location": location})
