"""What `config.py` takes, refuses, and keeps to itself."""

from pathlib import Path

import pytest

from app.core.engine import BLOCKING_THREADS, engine_options, transaction_settings
from app.integrations.email.sending import sender_of
from config import BadSettings, Settings, libpq_url, sqlalchemy_url

KEY = "Zk3uYw8rT1qLmN5vXc7bQd9fGh2jKp4s"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": KEY, "DATABASE_URL": "postgresql://diglit:pa55@db.test/diglit"}


def refusal(**environment: str) -> str:
    with pytest.raises(BadSettings) as refused:
        Settings.from_environment(environment)
    return str(refused.value)


def test_nothing_is_needed_for_development(tmp_path: Path) -> None:
    settings = Settings.from_environment({"DATA_DIR": str(tmp_path)})
    assert (settings.app_env, settings.port, settings.database_url) == ("development", 8000, None)


def test_the_development_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = Settings.from_environment({"DATA_DIR": str(tmp_path)}).secret_key
    assert len(first) >= 32
    assert Settings.from_environment({"DATA_DIR": str(tmp_path)}).secret_key == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


def test_one_error_names_everything_that_is_missing_or_malformed() -> None:
    told = refusal(
        APP_ENV="production",
        PORT="ninety",
        CORS_ORIGINS="https://a.test/x",
        TWILIO_FROM="+15550100",
        REDIS_URL="http://x",
    )
    for name in ("SECRET_KEY", "DATABASE_URL", "PORT", "CORS_ORIGINS", "TWILIO_ACCOUNT_SID", "REDIS_URL"):
        assert name in told


@pytest.mark.parametrize("key", ["short", "a" * 64, ""])
def test_production_demands_a_random_key(key: str) -> None:
    assert "SECRET_KEY" in refusal(**{**PRODUCTION, "SECRET_KEY": key})


def test_production_never_makes_up_a_key_or_a_database() -> None:
    assert Settings.from_environment(PRODUCTION).is_production
    assert "embedded" in refusal(APP_ENV="production", SECRET_KEY=KEY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ENV", "staging"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://root:t0psecret@db.test/x"),
        ("SECRET_KEY", "t0psecret"),
        ("DEMO_PASSWORD", "t0psecret"),
        ("SENTRY_DSN", "t0psecret"),
        ("SMTP_URL", "mail:t0psecret"),
        ("CORS_ORIGINS", "https://x:t0psecret@a.test"),
        ("AUTOMATION_PRIVATE_TARGETS", "10.0.0.0/8,t0psecret"),
        ("TRUSTED_PROXIES", "-1"),
        ("RATE_LIMITS", "maybe"),
        ("WEB_CONCURRENCY", "0"),
        ("S3_ENDPOINT_URL", "https://s3.test"),
    ],
)
def test_a_malformed_value_is_refused_and_not_repeated(name: str, value: str, tmp_path: Path) -> None:
    told = refusal(**{"DATA_DIR": str(tmp_path), name: value})
    assert name in told
    assert "t0psecret" not in told


def test_secrets_do_not_show() -> None:
    settings = Settings.from_environment({**PRODUCTION, "STRIPE_SECRET_KEY": "t0psecret"})
    assert KEY not in repr(settings)
    assert "pa55" not in repr(settings)
    assert "t0psecret" not in repr(settings)
    assert settings.secret_key == KEY


def test_lists_are_split_at_commas() -> None:
    settings = Settings.from_environment({**PRODUCTION, "CORS_ORIGINS": "https://a.test, http://localhost:3000,"})
    assert settings.cors_origins == ("https://a.test", "http://localhost:3000")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_form_of_the_database_address_works(scheme: str) -> None:
    url = f"{scheme}://u@/d?host=/run/pg"
    assert sqlalchemy_url(url) == "postgresql+psycopg://u@/d?host=/run/pg"
    assert libpq_url(url) == "postgresql://u@/d?host=/run/pg"


def test_requests_have_limits_and_commands_have_none() -> None:
    web = transaction_settings(Settings.from_environment(PRODUCTION))
    command = transaction_settings(Settings.from_environment({**PRODUCTION, "FLASK_RUN_FROM_CLI": "true"}))
    assert web["statement_timeout"] == "15s"
    assert command == {"timezone": "UTC"}
    engine = engine_options(Settings.from_environment(PRODUCTION))
    assert engine["pool_size"] >= BLOCKING_THREADS
    assert engine["connect_args"]["application_name"] == "diglit web"


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        assert field.alias == name.upper() or name == "is_command"
        assert field.description


def test_mail_is_from_the_public_host_where_nobody_says_otherwise() -> None:
    mailer = {**PRODUCTION, "SMTP_URL": "smtp://mail.test", "PUBLIC_URL": "https://portal.example"}
    assert sender_of(Settings.from_environment(mailer)) == "DIG|LIT <portal@portal.example>"
    assert sender_of(Settings.from_environment({**mailer, "MAIL_FROM": "a@b.example"})) == "a@b.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "portal.example"),
        ("PUBLIC_URL", "https://user@portal.example"),
        ("PUBLIC_URL", "https://portal.example/?a=b"),
        ("MAIL_FROM", "nobody"),
        ("SES_REGION", "europe"),
    ],
)
def test_what_mail_needs_is_checked(name: str, value: str) -> None:
    assert name in refusal(**{name: value})


def test_the_public_address_is_where_people_come_in(tmp_path: Path) -> None:
    base = {"DATA_DIR": str(tmp_path)}
    assert Settings.from_environment(base).public_address == "http://127.0.0.1:8000"
    assert Settings.from_environment({**base, "HOST": "::1", "PORT": "9000"}).public_address == "http://[::1]:9000"
    given = Settings.from_environment({**base, "PUBLIC_URL": "https://portal.example/"})
    assert given.public_address == "https://portal.example"
