"""Every setting of the portal, read from the environment here and nowhere else.

`Settings.from_environment()` refuses to start with one error that names every missing or malformed variable. It never
prints a value that may be secret.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

ROOT = Path(__file__).resolve().parent


class BadSettings(SystemExit):
    """The environment can't be used; the message names every variable that is wrong."""


class Secret(str):
    """A text that may be used, but doesn't show in a `repr`, and so not in a traceback or a log of settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _url(*schemes: str, host: bool = True) -> AfterValidator:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            complete = parts.scheme in schemes and not (host and parts.port == 0)
        except ValueError:
            complete = False
        if not complete or (host and not parts.hostname):
            raise PydanticCustomError("url", "it must be an address that begins with {wanted}", {"wanted": wanted})
        return value

    return AfterValidator(check)


def _bare(value: str) -> str:
    parts = urlsplit(value)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise PydanticCustomError("bare", "it must be an address without a user, a query or a fragment")
    return value.rstrip("/")


def _sender(value: str) -> str:
    _, address = parseaddr(value)
    if not value.isprintable() or not all(address.rpartition("@")):
        raise PydanticCustomError("sender", "it must be an address like DIG|LIT <portal@example.com>")
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query or "@" in origin:
            raise PydanticCustomError("origin", "each must be an origin like https://example.com, without a path")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network)
        except ValueError:
            raise PydanticCustomError("network", "each must be a network like 10.0.0.0/8") from None
    return value


def _prices(value: tuple[str, ...]) -> tuple[str, ...]:
    for entry in value:
        if not re.fullmatch(r"[^=\s]{1,100}=\d{1,6}(\.\d{1,6})?/\d{1,6}(\.\d{1,6})?", entry):
            raise PydanticCustomError("price", "each must be a model with two prices, like gpt-5-mini=0.25/2.00")
    return value


def _secret_key(value: str) -> str:
    if value and len(value.encode()) < 32:
        raise PydanticCustomError("secret_key", "it must be 32 random bytes or more")
    return value


def _folder(value: Path) -> Path:
    return value.expanduser().resolve()


AsSecret = AfterValidator(Secret)
SecretText = Annotated[str, AsSecret]
HttpUrl = Annotated[str, _url("http", "https")]
SecretHttpUrl = Annotated[str, _url("http", "https"), AsSecret]
# A PostgreSQL address may name its socket folder in the query instead of a host.
PostgresUrl = Annotated[str, _url("postgresql", "postgres", "postgresql+psycopg", host=False), AsSecret]
Origins = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_origins)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_networks)]

Prices = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_prices)]


class Settings(BaseModel):
    """The settings. A field's name in capitals, its alias, is that of its variable."""

    model_config = ConfigDict(alias_generator=str.upper, frozen=True, populate_by_name=True, hide_input_in_errors=True)

    app_env: Literal["development", "testing", "production"] = Field(
        "development", description="What this process is for."
    )
    secret_key: Annotated[str, AfterValidator(_secret_key), AsSecret] = Field(
        Secret(""),
        description="Signs cookies and tokens; 32 or more random bytes. Made and kept in DATA_DIR outside production.",
    )
    secret_key_fallbacks: Annotated[tuple[SecretText, ...], BeforeValidator(_split)] = Field(
        (), description="Earlier values of SECRET_KEY, comma between them: what they sealed and signed is still read."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port of the portal and the API.")
    public_url: Annotated[str, _url("http", "https"), AfterValidator(_bare)] | None = Field(
        None, description="Where people reach the portal; mailed links and those of the API begin with it."
    )
    data_dir: Annotated[Path, AfterValidator(_folder)] = Field(
        ROOT / "var", description="Holds all that the embedded default writes."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least level that is logged."
    )

    database_url: PostgresUrl | None = Field(
        None, description="PostgreSQL 15 or newer; replaces the embedded database."
    )
    database_direct_url: PostgresUrl | None = Field(
        None,
        description="The same database past the transaction pooler that DATABASE_URL names; requests never use it.",
    )
    database_roles: str | None = Field(
        None,
        pattern=r"^[a-z0-9_]{1,32}$",
        description="What the three roles of this installation are named after at the server; the database's name "
        "where it isn't set.",
    )
    database_replica_url: PostgresUrl | None = Field(None, description="A read replica, for exports and long reads.")
    redis_url: Annotated[str, _url("redis", "rediss", "unix", host=False), AsSecret] | None = Field(
        None, description="Redis, for rate limits: all machines then count requests together, too."
    )
    broker_url: Annotated[str, _url("amqp", "amqps", "kafka", "redis", "rediss"), AsSecret] | None = Field(
        None, description="RabbitMQ or Kafka, to which events are relayed."
    )
    elasticsearch_url: SecretHttpUrl | None = Field(
        None, description="Elasticsearch, in place of PostgreSQL's text search."
    )

    web_concurrency: int = Field(
        2, ge=1, le=64, description="Number of web processes; each works on 4 requests at a time."
    )
    worker_concurrency: int = Field(4, ge=1, le=64, description="Number of jobs that a worker runs at once.")
    trusted_proxies: int = Field(0, ge=0, le=10, description="How many proxies stand in front.")
    cors_origins: Origins = Field((), description="Origins whose pages may call the API, comma between them.")
    rate_limits: Literal["on", "off"] = Field("on", description="Switches the rate limits.")
    automation_data_days: int = Field(
        30, ge=1, le=3650, description="Days after which inputs, outputs and errors of automation runs are removed."
    )
    automation_run_days: int = Field(400, ge=1, le=36500, description="Days after which automation runs are deleted.")
    automation_private_targets: Networks = Field(
        (), description="Private networks that automation steps can reach, separated by commas; never link-local ones."
    )

    staff_second_factor: Literal["off", "required"] = Field(
        "off", description="Whether administrators and managers must have one."
    )
    demo_password: SecretText | None = Field(None, min_length=12, description="Password of the demo users.")
    admin_password: SecretText | None = Field(
        None, description="Password of the administrator whom `create-admin` makes."
    )
    metrics_token: SecretText | None = Field(
        None, min_length=16, description="Bearer token that may read /metrics from elsewhere than loopback."
    )
    sentry_dsn: SecretHttpUrl | None = Field(None, description="Where errors are reported.")
    otel_exporter_otlp_endpoint: HttpUrl | None = Field(None, description="Where traces go, by OTLP over HTTP.")

    s3_bucket: str | None = Field(None, description="Bucket for files; DATA_DIR without it.")
    s3_endpoint_url: HttpUrl | None = Field(None, description="Address of a storage that speaks S3 and isn't Amazon's.")
    aws_access_key_id: SecretText | None = Field(None, description="Key for SES and the bucket.")
    aws_secret_access_key: SecretText | None = Field(None, description="Secret that belongs to AWS_ACCESS_KEY_ID.")
    stripe_secret_key: SecretText | None = Field(None, description="Payments by Stripe.")
    stripe_webhook_secret: SecretText | None = Field(None, description="Proves that a webhook is Stripe's.")
    smtp_url: Annotated[str, _url("smtp", "smtps"), AsSecret] | None = Field(
        None, description="Mail server, smtp://user:password@host:port or smtps://."
    )
    sendgrid_api_key: SecretText | None = Field(None, description="Mail by SendGrid.")
    ses_region: str | None = Field(
        None,
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="Mail by Amazon SES in this region, with AWS_ACCESS_KEY_ID.",
    )
    mail_from: Annotated[str, AfterValidator(_sender)] | None = Field(
        None, description="Whom mails are from: Portal <portal@example.com>. Else portal@ the host of PUBLIC_URL."
    )
    oidc_issuer: Annotated[str, _url("http", "https"), AfterValidator(_bare)] | None = Field(
        None, description="OpenID Connect provider that people may sign in with, by its address."
    )
    oidc_client_id: str | None = Field(None, max_length=255, description="What the provider knows the portal by.")
    oidc_client_secret: SecretText | None = Field(
        None, description="Secret that belongs to OIDC_CLIENT_ID; none for a public client."
    )
    oidc_name: str = Field(
        "your organisation",
        min_length=1,
        max_length=60,
        description="What people call the provider: “Continue with …”.",
    )
    twilio_account_sid: SecretText | None = Field(None, description="SMS by Twilio.")
    twilio_auth_token: SecretText | None = Field(None, description="Secret that belongs to TWILIO_ACCOUNT_SID.")
    twilio_from: str | None = Field(
        None, pattern=r"^\+[1-9]\d{6,14}$", description="Number that SMS come from: +15550100."
    )
    openai_api_key: SecretText | None = Field(None, description="Language model.")
    openai_base_url: HttpUrl | None = Field(None, description="Another server of the same interface.")
    openai_model: str = Field("gpt-5-mini", min_length=1, max_length=100, description="Model of steps that name none.")
    openai_prices: Prices = Field(
        ("gpt-5-nano=0.05/0.40", "gpt-5-mini=0.25/2.00", "gpt-5=1.25/10.00", "*=5.00/30.00"),
        description="What models cost, as MODEL=IN/OUT in dollars for a million tokens, comma between them; * is any "
        "other model.",
    )
    openai_monthly_budget: Decimal = Field(
        Decimal("20.00"),
        ge=0,
        le=1_000_000,
        description="Dollars that the automations of a company may spend on language models in a month, by UTC.",
    )
    slack_webhook_url: SecretHttpUrl | None = Field(None, description="Messages to Slack.")
    discord_webhook_url: SecretHttpUrl | None = Field(None, description="Messages to Discord.")

    prometheus_multiproc_dir: Path | None = Field(
        None, description="Where processes put their figures together; `make run` sets it."
    )
    is_command: bool = Field(
        False, alias="FLASK_RUN_FROM_CLI", description="Set by `flask`: no request waits for this process."
    )

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"

    @property
    def public_address(self) -> str:
        """The portal's address as people know it, without a slash at its end. It is never taken from a request, whose
        Host a stranger can forge."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def sends_mail(self) -> bool:
        """Whether there is anything to send mail with."""
        return bool(self.smtp_url or self.sendgrid_api_key or self.ses_region)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings of this process. Raises `BadSettings` for whatever can't be used."""
        names = {info.alias for info in cls.model_fields.values()}
        given = {name: value for name, value in environment.items() if name in names and value.strip()}
        wrong = list(_missing(given))
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            wrong += [f"{e['loc'][0]}: {e['msg']}" for e in error.errors(include_url=False, include_input=False)]
        if wrong:
            raise BadSettings("These settings can't be used:\n" + "\n".join(f"  {line}" for line in wrong))
        if settings.secret_key or settings.is_production:
            return settings
        return settings.model_copy(update={"secret_key": kept_secret(settings.data_dir)})


LATER = frozenset(
    [
        "BROKER_URL",
        "ELASTICSEARCH_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "S3_BUCKET",
        "S3_ENDPOINT_URL",
        "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET",
    ]
)
"""Settings of parts that the portal doesn't have yet. They are checked at the start, and switch nothing on."""

TOGETHER = (
    ("OIDC_ISSUER", "OIDC_CLIENT_ID"),
    ("OIDC_CLIENT_ID", "OIDC_ISSUER"),
    ("OIDC_CLIENT_SECRET", "OIDC_ISSUER"),
    ("S3_ENDPOINT_URL", "S3_BUCKET"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ("STRIPE_WEBHOOK_SECRET", "STRIPE_SECRET_KEY"),
    ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
    ("TWILIO_ACCOUNT_SID", "TWILIO_FROM"),
    ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"),
    ("TWILIO_FROM", "TWILIO_ACCOUNT_SID"),
    ("SES_REGION", "AWS_ACCESS_KEY_ID"),
)


def _missing(given: Mapping[str, str]) -> Iterator[str]:
    if given.get("APP_ENV") == "production":
        if "SECRET_KEY" not in given:
            yield "SECRET_KEY: production needs it, 32 random bytes or more"
        elif len(set(given["SECRET_KEY"])) < 8:
            yield "SECRET_KEY: it must be random; this one is made of few different characters"
        if "DATABASE_URL" not in given:
            yield "DATABASE_URL: production needs it, and never runs the embedded database"
    for name, needed in TOGETHER:
        if name in given and needed not in given:
            yield f"{needed}: {name} needs it"


def kept_secret(data_dir: Path) -> Secret:
    """The secret key of a development machine: made at first use, then read from DATA_DIR by every process."""
    path = data_dir / "secret-key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            made = path.with_name(f"secret-key.{secrets.token_hex(4)}")
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(48))
            # Of two processes that start at once, the first to link wins and both read the same key.
            with suppress(FileExistsError):
                path.hardlink_to(made)
            made.unlink()
        return Secret(path.read_text().strip())
    except OSError as error:
        raise BadSettings(f"DATA_DIR: {data_dir} can't be written to ({error.strerror}).") from None


def sqlalchemy_url(url: str) -> str:
    """The address as SQLAlchemy takes it, with psycopg 3 named as the driver, and several hosts in its query."""
    scheme, _, rest = url.partition("://")
    driver = "postgresql+psycopg" if scheme in ("postgres", "postgresql") else scheme
    place, mark, query = rest.partition("?")
    server, slash, database = place.partition("/")
    user, at, hosts = server.rpartition("@")
    if "," not in hosts:
        return Secret(f"{driver}://{rest}")
    each = [host.rpartition(":") if re.search(r":\d+$", host) else (host, "", "5432") for host in hosts.split(",")]
    listed = f"host={','.join(name.strip('[]') for name, _, _ in each)}&port={','.join(port for _, _, port in each)}"
    return Secret(f"{driver}://{user}{at}{slash}{database}?{listed}{'&' if mark else ''}{query}")


def libpq_url(url: str) -> str:
    """The address as PostgreSQL's own library takes it."""
    return Secret(f"postgresql://{url.partition('://')[2]}")


def environment_for(**changes: str) -> dict[str, str]:
    """The environment of a child process: this one's, with changes."""
    return {**os.environ, **changes}
