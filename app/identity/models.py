from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym, validates

from app.core.clock import now
from app.core.db import MERGING, Base, Record, Strings, one_of
from app.core.ids import new_id
from app.core.names import is_tidy
from app.core.permissions import Role
from app.identity.confusables import skeleton_of
from app.identity.steps import COMPANY, USER

COMPANY_ROLES = ("owner", "member")
ROLES = tuple(role.value for role in Role)


Merging = Literal["rewrite", "keep", "end", "forbid", "follow"]
"""What becomes of a row that refers to a user or a company, when that one is merged into another: it refers to the
other; it says what happened, as it happened; it proves who somebody is, or was issued on that proof, and ends; there
is no merging while there is such a row; or it is part of a record that is rewritten, and follows it."""


def to_user(merge: Merging, ondelete: str = "RESTRICT") -> ForeignKey:
    return ForeignKey("users.id", ondelete=ondelete, info={MERGING: merge})


def to_client(merge: Merging, ondelete: str = "RESTRICT") -> ForeignKey:
    return ForeignKey("clients.id", ondelete=ondelete, info={MERGING: merge})


class Client(Record, Base):
    """A client company. `client_id`, wherever it stands, means a row of this table."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        is_tidy(),
        COMPANY.check(),
        CheckConstraint("merged_into_id is null or status = 'suspended'", name="merged_is_suspended"),
    )

    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    require_second_factor: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether its people must have one to go on."""
    merged_into_id: Mapped[UUID | None] = mapped_column(to_client("rewrite"))
    """The company that this one turned out to be."""

    users: Mapped[list["User"]] = relationship(back_populates="client")


class User(Record, Base):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("length(username) between 1 and 60", name="username_length"),
        one_of("role", ROLES),
        USER.check(),
        CheckConstraint("(role = 'client') = (client_id is not null)", name="client_has_company"),
        one_of("company_role", COMPANY_ROLES),
        CheckConstraint("(role = 'client') = (company_role is not null)", name="company_role_of_client"),
        CheckConstraint("merged_into_id is null or status = 'suspended'", name="merged_is_suspended"),
        Index("users_username_key", func.lower("username"), unique=True),
        Index("users_email_key", func.lower("email"), unique=True),
        Index("users_name_skeleton_key", "name_skeleton", unique=True),
    )

    username: Mapped[str]
    name_skeleton: Mapped[str | None]
    """What all names have in common that look like the user's; the database keeps it unique. It is None where two
    names looked alike before that was known."""
    email: Mapped[str]
    password_hash: Mapped[str | None]
    role: Mapped[str]
    status: Mapped[str] = mapped_column(default="active", server_default="active")
    client_id: Mapped[UUID | None] = mapped_column(to_client("rewrite"), index=True)
    company_role: Mapped[str | None]
    """An owner manages the company's people and keys."""
    limits: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """The permissions that the company's owner left to this user; None is all of the role's."""
    email_confirmed_at: Mapped[datetime | None]
    merged_into_id: Mapped[UUID | None] = mapped_column(to_user("rewrite"))
    """The user whom this one turned out to be."""
    timezone: Mapped[str | None]
    theme: Mapped[str | None]

    client: Mapped[Client | None] = relationship(back_populates="users")
    name: Mapped[str] = synonym("username")
    """What a list or a heading calls the user."""

    is_authenticated = True
    is_anonymous = False

    @validates("username")
    def _note_skeleton(self, _key: str, username: str) -> str:
        self.name_skeleton = skeleton_of(username)
        return username

    @property
    def is_active(self) -> bool:
        return self.status == "active"

    @property
    def narrowed_to(self) -> frozenset[str] | None:
        return None if self.limits is None else frozenset(self.limits)

    def get_id(self) -> str:
        return str(self.id)


class UserSession(Base):
    """One sign-in on one device, of the portal, the API or a third party's application. It ends by sign-out, expiry or
    suspension; then nothing that was issued under it (cookie, access token) works any more.

    `user_id` is empty for an application that acts for its company alone (client credentials)."""

    __tablename__ = "user_sessions"
    __table_args__ = (
        CheckConstraint("kind in ('portal', 'api', 'oauth')", name="kind"),
        CheckConstraint("(kind = 'oauth') = (application_id is not null)", name="application"),
        CheckConstraint("user_id is not null or application_id is not null", name="somebody"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = mapped_column(to_user("end", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("oauth_applications.id", ondelete="CASCADE"))
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """What the sign-in is narrowed to; None narrows nothing."""
    methods: Mapped[Strings]
    """What it was proved with: `password`, `otp`, `recovery-code`, `passkey`, `provider`."""
    confirmed_at: Mapped[datetime | None]
    """When the person last proved to be it, at the sign-in or since."""
    impersonator_id: Mapped[UUID | None] = mapped_column(to_user("end", ondelete="CASCADE"))
    """The member of staff who sees the portal as the user."""
    device: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    """`sign-out`, `ended`, `password`, `theft`, `suspended`, `revoked`; of a look also `stopped`, `expired`."""

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])


class Application(Record, Base):
    """A third party's program, known by `identifier` (OAuth calls it `client_id`). `client_id` is its company."""

    __tablename__ = "oauth_applications"
    __table_args__ = (
        CheckConstraint("length(name) between 1 and 120", name="name_length"),
        CheckConstraint("public = (secret_hash is null)", name="public"),
        CheckConstraint("cardinality(redirect_uris) <= 20", name="redirect_uris"),
    )

    client_id: Mapped[UUID | None] = mapped_column(to_client("rewrite"))
    identifier: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[bytes | None]
    name: Mapped[str]
    redirect_uris: Mapped[Strings]
    grant_types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    scopes: Mapped[Strings]
    public: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether it can keep no secret, as a program in a browser or on a phone can't."""
    created_by_id: Mapped[UUID | None] = mapped_column(to_user("rewrite", ondelete="SET NULL"), index=True)
    revoked_at: Mapped[datetime | None]


class Grant(Record, Base):
    """What a person lets an application do."""

    __tablename__ = "oauth_grants"
    __table_args__ = (
        Index(
            "oauth_grants_open_key", "user_id", "application_id",
            unique=True, postgresql_where=text("revoked_at is null"),
        ),
    )  # fmt: skip

    user_id: Mapped[UUID] = mapped_column(to_user("end", ondelete="CASCADE"))
    application_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_applications.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    application: Mapped[Application] = relationship()
