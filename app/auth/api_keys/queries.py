from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from app.auth.api_keys.models import ApiKey
from app.auth.api_keys.policy import seen_by
from app.core.clock import now
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.kinds import Kind, register
from app.core.lists import Filter, ListQuery, ListSpec, Sort
from app.extensions import db
from app.identity.models import Client, User
from app.identity.policy import is_staff

WITH_USE = (joinedload(ApiKey.use),)
WITH_PEOPLE = (joinedload(ApiKey.use), selectinload(ApiKey.user).selectinload(User.client))

State = Literal["open", "revoked", "all"]


def _in_state(state: str) -> Any:
    return {
        "open": ApiKey.revoked_at.is_(None),
        "revoked": ApiKey.revoked_at.is_not(None),
    }.get(state, ApiKey.id.is_not(None))


register(Kind(key="api-keys", model=ApiKey, singular="API key", plural="API keys", label=ApiKey.name, pages={}))

LISTING = ListSpec(
    model=ApiKey,
    columns=(),
    filters=(
        Filter("client_id", "Company", UUID, lambda value: ApiKey.client_id == value),
        Filter("user_id", "Person", UUID, lambda value: ApiKey.user_id == value),
        Filter("state", "State: those that are not revoked, unless another is asked for", State, _in_state),
    ),
    sorts=(Sort("created_at", "Created", ApiKey.created_at),),
    searchable=False,
)


@dataclass(frozen=True)
class Found:
    """A key that may open something, with its user and the company, read in one go."""

    key: ApiKey
    user: User


def narrowed(query: ListQuery, *, person: Any) -> ListQuery:
    """The list's query as far as the person sees keys; raises NotFound for another's."""
    asked: dict[str, Any] = {"state": getattr(query, "state", None) or "open"}
    company, user = getattr(query, "client_id", None), getattr(query, "user_id", None)
    if not is_staff(person):
        if company is not None and company != person.client_id:
            raise NotFound("There is no such company.")
        if person.is_owner and person.client_id is not None:
            asked["client_id"] = person.client_id
        elif user is not None and user != person.id:
            raise NotFound("There is no such person.")
        else:
            asked["user_id"] = person.id
    return query.model_copy(update=asked)


def get_key(reference: str, *, person: Any, for_update: bool = False, also_revoked: bool = False) -> ApiKey:
    """The key of that id, if the person sees it; raises NotFound."""
    found = (select(ApiKey) if also_revoked else _open()).where(ApiKey.id == as_uuid(reference), seen_by(person))
    if for_update:
        found = found.with_for_update(of=ApiKey).execution_options(populate_existing=True)
    key = db.session.scalar(found.options(*WITH_USE))
    if key is None:
        raise NotFound("There is no such API key.")
    return key


def list_keys(*, person: Any, limit: int = 200) -> Sequence[ApiKey]:
    """The keys that are not revoked and that the person sees, newest first."""
    found = _open().where(seen_by(person)).order_by(ApiKey.created_at.desc(), ApiKey.id.desc()).limit(limit)
    return db.session.scalars(found.options(*WITH_PEOPLE)).all()


def count_keys(user_id: UUID) -> int:
    """How many keys of the user are not revoked."""
    return db.session.scalar(_open().with_only_columns(func.count()).where(ApiKey.user_id == user_id)) or 0


def find_usable(key_hash: bytes) -> Found | None:
    """The key, while it is good and its person, and the company that it was made in, are as they were."""
    found = (
        _open()
        .join(ApiKey.user)
        .outerjoin(User.client)
        .where(
            ApiKey.secret_hash == key_hash,
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now()),
            User.status == "active",
            ApiKey.client_id.is_not_distinct_from(User.client_id),
            or_(User.client_id.is_(None), Client.status == "active"),
        )
        .options(contains_eager(ApiKey.user).contains_eager(User.client))
        .execution_options(populate_existing=True)
    )
    key = db.session.scalars(found).one_or_none()
    return None if key is None else Found(key, key.user)


def _open() -> Select[ApiKey]:
    return select(ApiKey).where(ApiKey.revoked_at.is_(None))
