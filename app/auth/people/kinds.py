"""Users and companies, declared for the staff pages, the API and the export."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import collate, func, select
from sqlalchemy.orm import joinedload

from app.auth.people import operations
from app.auth.people.schemas import ClientInput, ClientOut, RoleName, UserChange
from app.auth.schemas import UserOut
from app.core.kinds import Editing, FieldGroup, Filing, Kind, Listing, register
from app.core.lists import Column, Filter, ListSpec, Sort, date_columns, date_sorts
from app.core.names import by_name
from app.core.steps import state_filter
from app.core.suggestions import offer
from app.identity.models import ROLES, Client, User
from app.identity.steps import COMPANY, USER

PEOPLE = "People"

_company = select(Client.name).where(Client.id == User.client_id).correlate(User).scalar_subquery()

USERS = ListSpec(
    model=User,
    columns=(
        Column("id", "Id", User.id, shown=False),
        Column("username", "User name", User.username, kind="link", sort="username"),
        Column("email", "E-mail", User.email, sort="email"),
        Column("role", "Role", User.role, kind="badge"),
        Column("status", "State", User.status, kind="state"),
        Column("company", "Company", _company, wide=True),
        Column("client_id", "Company’s id", User.client_id, shown=False),
        Column("company_role", "In the company", User.company_role, shown=False),
        *date_columns(User, shown="created_at"),
    ),
    filters=(
        Filter("role", "Role", RoleName, lambda value: User.role == value, "choice", "user-roles"),
        state_filter(USER, User.status),
        Filter(
            "client_id",
            "Company",
            Annotated[UUID, Field(description="The company’s id.")],
            lambda value: User.client_id == value,
            "reference",
        ),
    ),
    sorts=(
        *date_sorts(User),
        Sort("username", "User name", by_name(User.username)),
        Sort("email", "E-mail", collate(func.lower(User.email), "C")),
    ),
    depends_on=("clients",),
    words_are_public=False,
)

users = register(
    Kind(
        key="users",
        model=User,
        singular="user",
        plural="users",
        icon="users",
        label=User.username,
        section=PEOPLE,
        load_options=(joinedload(User.client),),
        not_undone="Roles and access can’t be undone here, because keys and sign-ins ended with the change. Edit the "
        "role, or suspend or reactivate the user, to change them back.",
    )
)
register(
    Listing(
        users,
        USERS,
        UserOut,
        create_permission="clients:write",
        create_label="Invite somebody",
    )
)
register(
    Editing(
        users,
        UserChange,
        form=(FieldGroup("What the user may do", ("role", "status", "client_id")),),
        update=operations.change_user,
    )
)

_people = select(func.count()).where(User.client_id == Client.id).correlate(Client).scalar_subquery()

CLIENTS = ListSpec(
    model=Client,
    columns=(
        Column("id", "Id", Client.id, shown=False),
        Column("name", "Name", Client.name, kind="link", sort="name"),
        Column("status", "State", Client.status, kind="state"),
        Column("people", "People", _people, kind="number"),
        Column("require_second_factor", "Second factor", Client.require_second_factor, kind="flag", wide=True),
        *date_columns(Client, shown="created_at"),
    ),
    filters=(state_filter(COMPANY, Client.status),),
    sorts=(*date_sorts(Client), Sort("name", "Name", by_name(Client.name))),
    depends_on=("users",),
    words_are_public=False,
)

clients = register(
    Kind(
        key="clients",
        model=Client,
        singular="company",
        plural="companies",
        icon="building",
        label=Client.name,
        section=PEOPLE,
    )
)
register(Listing(clients, CLIENTS, ClientOut))
_editing = register(
    Editing(
        clients,
        ClientInput,
        form=(FieldGroup("The company", ("name", "status")),),
        create=operations.create_client,
        update=operations.update_client,
    )
)
register(Filing(_editing, imports=False))


def _among(values: tuple[str, ...]) -> Any:
    return lambda prefix, limit: [value for value in values if value.startswith(prefix)][:limit]


offer("user-roles", _among(ROLES))
