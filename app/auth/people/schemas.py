"""What is taken and answered about users and companies."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.auth.schemas import Email
from app.core.schemas import Input, Line, Output, TimeOut
from app.identity.steps import COMPANY, USER

RoleName = Literal["admin", "manager", "client", "expert"]
UserStatus = Literal[USER.names]  # type: ignore[name-defined]
CompanyStatus = Literal[COMPANY.names]  # type: ignore[name-defined]
CompanyRole = Literal["member", "owner"]


class UserChange(Input):
    """What an administrator may change of a user. A client belongs to a company: `client_id` comes with the role
    `client`, and only then."""

    role: Annotated[RoleName, Field(title="Role")]
    status: Annotated[UserStatus, Field(title="State")]
    client_id: Annotated[UUID | None, Field(title="Company")] = None


class ClientInput(Input):
    """A client company."""

    name: Annotated[str, Line(120, min_length=1), Field(title="Name")]
    status: Annotated[
        CompanyStatus,
        Field(title="State", description="None of a suspended company’s people, keys and apps can come in."),
    ] = "active"


class ClientOut(Output):
    """A client company."""

    id: UUID
    name: str
    status: str
    created_at: TimeOut
    updated_at: TimeOut


class InvitationInput(Input):
    """Whom staff invite. A client belongs to a company."""

    email: Annotated[Email, Field(title="E-mail address")]
    role: Annotated[RoleName, Field(title="Role")] = "client"
    client_id: Annotated[UUID | None, Field(title="Company")] = None
    company_role: Annotated[CompanyRole, Field(title="In the company")] = "member"


class BusinessInvitationInput(InvitationInput):
    """Whom a manager invites: other staff are an administrator's to bring in."""

    role: Annotated[Literal["client", "expert"], Field(title="Role")] = "client"


class ColleagueInput(Input):
    """Whom the owner of a company invites into it."""

    email: Annotated[Email, Field(title="E-mail address")]
    company_role: Annotated[CompanyRole, Field(title="Comes in as")] = "member"
