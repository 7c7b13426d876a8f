"""`flask --app wsgi audit …`."""

from pathlib import Path
from typing import IO, cast

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import current_app
from sqlalchemy import text

from app.core.chain.checkpoints import Checkpoint, Unusable, signing_key, take_checkpoint
from app.core.chain.verifying import Report, verify
from app.extensions import db
from config import Settings


@click.group()
def audit() -> None:
    """Prove that the audit is what was written."""


@audit.command()
@click.option("--to", type=click.Path(dir_okay=False, allow_dash=True), help="Append it to this file; - prints it.")
def checkpoint(to: str | None) -> None:
    """Sign how far the audit goes. Keep the line elsewhere: it shows whatever is cut off later."""
    taken = take_checkpoint(db.session, signing_key(_settings().secret_key))
    db.session.commit()
    if to == "-":
        click.echo(taken.to_json())
        return
    if to is not None:
        with Path(to).open("a", encoding="utf-8") as file:
            file.write(taken.to_json() + "\n")
    click.echo(f"{taken.entries} entries in {len(taken.heads)} chains at {taken.at:%Y-%m-%d %H:%M:%S} UTC.")


@audit.command("public-key")
def public_key() -> None:
    """Print the key that checks checkpoints, in hexadecimal. It is no secret."""
    click.echo(signing_key(_settings().secret_key).public_key().public_bytes_raw().hex())


@audit.command("verify")
@click.option("--checkpoint", "file", type=click.File(encoding="utf-8"), help="Checkpoints that were kept elsewhere.")
@click.option("--public-key", "key", help="Accept this key's signatures alone, in place of those of SECRET_KEY.")
def verify_audit(file: IO[str] | None, key: str | None) -> None:
    """Work out every hash anew, and name the first entry of each kind that is not what was written."""
    try:
        elsewhere = [Checkpoint.from_json(line) for line in file or () if line.strip()]
    except Unusable as error:
        raise click.BadParameter(str(error), param_hint="--checkpoint") from None
    keys = [_given(key)] if key else _own_keys()
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("set transaction read only"))
        report = verify(connection, keys, elsewhere)
    _tell(report)
    if not report.is_clean:
        raise SystemExit(1)


def _own_keys() -> list[Ed25519PublicKey]:
    settings = _settings()
    secrets = (settings.secret_key, *settings.secret_key_fallbacks)
    return [signing_key(secret).public_key() for secret in secrets]


def _given(key: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except ValueError:
        raise click.BadParameter("it must be 64 hexadecimal digits", param_hint="--public-key") from None


def _tell(report: Report) -> None:
    seen = f"{report.entries} entries in {report.chains} chains, {report.checkpoints} checkpoints"
    if report.is_clean:
        click.echo(f"All is as it was written: {seen}.")
        return
    click.echo(f"The audit is NOT what was written: {seen}.")
    for kind, fault in report.first.items():
        click.echo(f"  {kind} ({report.counts[kind]}): first, {fault.what}.")


def _settings() -> Settings:
    return cast("Settings", current_app.config["SETTINGS"])
