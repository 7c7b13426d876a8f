"""The DIG|LIT portal."""

from typing import TYPE_CHECKING

from app import domains  # noqa: F401 - installed before anything asks what there is

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: "Settings | None" = None) -> "Flask":
    """Put the application together. Reads the environment when no settings are given."""
    from app.factory import put_together  # noqa: PLC0415 - parts of this package need no application

    return put_together(settings)
