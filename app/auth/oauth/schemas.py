from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from app.auth.oauth.redirects import LONGEST, MOST, check_redirect_uri
from app.core.schemas import Input, JsonSchemaExtra, Line, Output, TimeOut
from app.identity.scopes import SCOPES, check_scopes

GrantType = Literal["authorization_code", "refresh_token", "client_credentials"]
_USUAL: tuple[GrantType, ...] = ("authorization_code", "refresh_token")

RedirectUri = Annotated[
    str,
    Line(LONGEST, min_length=1),
    AfterValidator(check_redirect_uri),
    JsonSchemaExtra(format="uri", examples=["https://shop.example/callback"]),
]
Scopes = Annotated[
    list[str],
    Field(max_length=len(SCOPES), description="The most that it may ever ask for: names of permissions."),
    AfterValidator(check_scopes),
    JsonSchemaExtra(items={"type": "string", "enum": list(SCOPES)}),
]


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


class ApplicationInput(Input):
    """A third party's application."""

    name: Annotated[str, Line(120, min_length=1, help="People see it when they are asked."), Field(title="Name")]
    redirect_uris: Annotated[
        list[RedirectUri],
        Field(
            max_length=MOST,
            title="Redirect addresses",
            description="Where people are sent back to, one a line; compared to the letter.",
        ),
        AfterValidator(_each_once),
    ] = Field(default_factory=list)
    grant_types: Annotated[
        list[GrantType],
        Field(min_length=1, max_length=3, title="How it gets access"),
        AfterValidator(_each_once),
    ] = Field(default_factory=lambda: list(_USUAL))
    scopes: Annotated[Scopes, Field(title="What it may ask for")] = Field(default_factory=list)
    public: Annotated[
        bool,
        Field(title="It can keep no secret", description="A program in a browser or on a phone; PKCE protects it."),
    ] = False
    company_id: Annotated[
        UUID | None, Field(title="Company", description="Whose it is. Administrators alone choose it.")
    ] = None


class ApplicationOut(Output):
    """A third party's application. `client_id` is what OAuth calls it; `company_id` is its company."""

    id: UUID
    client_id: Annotated[str, Field(validation_alias="identifier")]
    name: str
    redirect_uris: list[str]
    grant_types: list[GrantType]
    scopes: list[str]
    public: bool
    company_id: Annotated[UUID | None, Field(validation_alias="client_id")]
    created_at: TimeOut
    updated_at: TimeOut


class NewApplicationOut(ApplicationOut):
    """A new application. `client_secret` is told this once; one that is public has none."""

    client_secret: Annotated[str | None, Field(exclude_if=lambda value: value is None)] = None
