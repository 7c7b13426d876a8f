"""Every setting of the portal, read from the environment here and nowhere else.

`Settings.from_environment()` refuses to start with one error that names every missing or malformed variable.
"""

import os
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

ROOT = Path(__file__).resolve().parent


class BadSettings(SystemExit):
    """The environment can't be used; the message names every variable that is wrong."""


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.query or parts.path):
            raise PydanticCustomError("url", "it must be an address that begins with {s}", {"s": " or ".join(f"{x}://" for x in schemes)})
        return value

    return AfterValidator(check)


def _origin(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
            raise PydanticCustomError("origin", "“{o}” is no origin like https://example.com", {"o": origin})
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network)
        except ValueError:
            raise PydanticCustomError("network", "“{n}” is no network like 10.0.0.0/8", {"n": network}) from None
    return value


HttpUrl = Annotated[str, _url("http", "https")]
PostgresUrl = Annotated[str, _url("postgresql", "postgres", "postgresql+psycopg")]


class Settings(BaseModel):
    """The settings; a field's alias is the name of its variable."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    app_env: Literal["development", "testing", "production"] = Field("development", alias="APP_ENV", description="What this process is for.")
    secret_key: str = Field("", alias="SECRET_KEY", description="Signs cookies and tokens; 32 or more random bytes. Made and kept in DATA_DIR outside production.")
    host: str = Field("127.0.0.1", alias="HOST", description="Address to listen on.")
    port: int = Field(8000, alias="PORT", ge=1, le=65535, description="Port of the portal and the API.")
    data_dir: Path = Field(ROOT / "var", alias="DATA_DIR", description="Holds all that the embedded default writes.")
    database_url: PostgresUrl | None = Field(None, alias="DATABASE_URL", description="PostgreSQL 15 or newer; replaces the embedded database.")
    database_replica_url: PostgresUrl | None = Field(None, alias="DATABASE_REPLICA_URL", description="A read replica, for exports and long reads.")
    web_concurrency: int = Field(2, alias="WEB_CONCURRENCY", ge=1, le=64, description="Number of web worker processes.")
    trusted_proxies: int = Field(0, alias="TRUSTED_PROXIES", ge=0, le=10, description="How many proxies stand in front.")
    cors_origins: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_origin)] = Field((), alias="CORS_ORIGINS", description="Origins whose pages may call the API, comma between them.")
    rate_limits: Literal["on", "off"] = Field("on", alias="RATE_LIMITS", description="Switches rate limits.")
    redis_url: Annotated[str, _url("redis", "rediss", "unix")] | None = Field(None, alias="REDIS_URL", description="Redis for shared rate limits.")
    demo_password: str | None = Field(None, alias="DEMO_PASSWORD", min_length=12, description="Password of the demo users.")
    metrics_token: str | None = Field(None, alias="METRICS_TOKEN", min_length=16, description="Bearer token that may read /metrics from elsewhere than loopback.")
    sentry_dsn: HttpUrl | None = Field(None, alias="SENTRY_DSN", description="Where errors are reported.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL", description="The least level that is logged.")

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        names = {info.alias for info in cls.model_fields.values()}
        given = {name: value for name, value in environment.items() if name in names and value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            lines = [f"  {e['loc'][0] if e['loc'] else 'settings'}: {e['msg']}" for e in error.errors(include_url=False)]
            raise BadSettings("These settings can't be used:\n" + "\n".join(lines)) from None


def sqlalchemy_url(url: str) -> str:
    """The address as SQLAlchemy takes it, with psycopg 3 named as the driver."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def random_secret() -> str:
    return secrets.token_urlsafe(48)
