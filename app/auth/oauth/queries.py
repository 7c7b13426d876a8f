from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from app.auth.oauth.policy import may_manage
from app.core.errors import NotFound
from app.core.ids import as_uuid
from app.core.kinds import Kind, register
from app.core.lists import Filter, ListQuery, ListSpec, Sort
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import Application, Client, Grant, UserSession
from app.identity.policy import is_admin

register(
    Kind(
        key="applications",
        model=Application,
        singular="application",
        plural="applications",
        label=Application.name,
        pages={},
    )
)

LISTING = ListSpec(
    model=Application,
    columns=(),
    filters=(
        Filter("company_id", "Company", UUID, lambda value: Application.client_id == value),
        Filter("state", "State", Literal["open"], lambda _value: Application.revoked_at.is_(None)),
    ),
    sorts=(Sort("created_at", "Created", Application.created_at),),
    searchable=False,
)


@dataclass(frozen=True)
class GrantedApplication:
    """An application that a person has let in. `last_used_at` is None where it hasn't come yet."""

    grant: Grant
    application: Application
    company: str | None
    last_used_at: datetime | None


def find_application(identifier: str) -> Application | None:
    """The application of that identifier, while it is open and its company is active."""
    if not (identifier.isascii() and identifier.isprintable()):
        return None
    return db.session.scalar(_open().where(Application.identifier == identifier))


def hold_application(application_id: UUID) -> Application | None:
    """The same by id, held open until the transaction ends."""
    held = _open().where(Application.id == application_id).with_for_update(read=True, of=Application)
    return db.session.scalar(held.execution_options(populate_existing=True))


def company_of(application: Application) -> str | None:
    """The name of the application's company."""
    if application.client_id is None:
        return None
    return db.session.scalar(select(Client.name).where(Client.id == application.client_id))


def get_application(reference: str, *, person: Any, for_update: bool = False) -> Application:
    """The application of that id, if the person manages it; raises NotFound."""
    id_ = as_uuid(reference)
    query = select(Application).where(Application.id == id_, Application.revoked_at.is_(None))
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(query) if id_ else None
    if found is None or not may_manage(person, found):
        raise NotFound("There is no such application.")
    return found


def narrowed(query: ListQuery, *, person: Any) -> ListQuery:
    """The query of the list as far as the person manages applications; raises NotFound for another's company."""
    asked = getattr(query, "company_id", None)
    if is_admin(person):
        return query.model_copy(update={"state": "open"})
    if asked is not None and asked != person.client_id:
        raise NotFound("There is no such company.")
    return query.model_copy(update={"state": "open", "company_id": person.client_id})


def list_applications(*, client_id: UUID | None, of_all: bool = False, limit: int = 200) -> Sequence[Any]:
    """(application, its company's name), newest first: those of one company, or all."""
    found = (
        select(Application, Client.name)
        .outerjoin(Client, Client.id == Application.client_id)
        .where(Application.revoked_at.is_(None))
        .order_by(Application.created_at.desc(), Application.id.desc())
        .limit(limit)
    )
    if not of_all:
        found = found.where(Application.client_id == client_id)
    return db.session.execute(found).all()


def list_companies(limit: int = 500) -> Sequence[Client]:
    """The companies that an application can be of, by name."""
    return db.session.scalars(select(Client).where(Client.status == "active").order_by(Client.name).limit(limit)).all()


def count_grants(application_id: UUID) -> int:
    """How many people let the application in, of whichever company."""
    found = select(func.count()).where(Grant.application_id == application_id, Grant.revoked_at.is_(None))
    with as_system("people of all companies let an application in"):
        return db.session.scalar(found) or 0


def find_grant(user_id: UUID, application_id: UUID, *, for_update: bool = False) -> Grant | None:
    """What the person lets the application do, while it does."""
    query = select(Grant).where(
        Grant.user_id == user_id, Grant.application_id == application_id, Grant.revoked_at.is_(None)
    )
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(query)


def list_granted(user_id: UUID) -> list[GrantedApplication]:
    """The applications that the person has let in, those first that came last."""
    last_used = (
        select(func.max(UserSession.last_used_at))
        .where(UserSession.user_id == user_id, UserSession.application_id == Application.id)
        .scalar_subquery()
    )
    found = (
        select(Grant, Application, Client.name, last_used)
        .join(Grant.application)
        .outerjoin(Client, Client.id == Application.client_id)
        .where(Grant.user_id == user_id, Grant.revoked_at.is_(None), Application.revoked_at.is_(None))
        .order_by(func.coalesce(last_used, Grant.created_at).desc(), Grant.id)
        .limit(200)
    )
    return [GrantedApplication(*row) for row in db.session.execute(found)]


def count_granted(user_id: UUID) -> int:
    """How many applications the person has let in."""
    found = (
        select(func.count())
        .select_from(Grant)
        .join(Grant.application)
        .where(Grant.user_id == user_id, Grant.revoked_at.is_(None), Application.revoked_at.is_(None))
    )
    return db.session.scalar(found) or 0


def _open() -> Select[Application]:
    return (
        select(Application)
        .outerjoin(Client, Client.id == Application.client_id)
        .where(Application.revoked_at.is_(None), or_(Application.client_id.is_(None), Client.status == "active"))
    )
