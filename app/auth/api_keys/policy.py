"""Whose keys a person sees and manages: their own; an owner, the company's; staff, all.

Only the person whose key it is gets to know a key, when it is made and when it is replaced: whoever could have one made
for a colleague could act under the colleague's name.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, true

from app.auth.api_keys.models import ApiKey
from app.identity.policy import is_staff, permissions_of
from app.identity.scopes import SCOPES

USUAL_PER_MINUTE = 600
"""More than this is for staff to grant."""


def seen_by(person: Any) -> ColumnElement[bool]:
    """The keys that the person sees and may revoke."""
    if is_staff(person):
        return true()
    if person.is_owner and person.client_id is not None:
        company: ColumnElement[bool] = ApiKey.client_id == person.client_id
        return company
    own: ColumnElement[bool] = ApiKey.user_id == person.id
    return own


def is_own(person: Any, key: ApiKey) -> bool:
    return bool(key.user_id == person.id)


def scopes_of(person: Any) -> Sequence[str]:
    """What the person may do, and so may let a program do."""
    allowed = permissions_of(person)
    return [scope for scope in SCOPES if scope in allowed]
