"""Importing this makes all effects known."""

from app.automations.effects import http

__all__ = ["http"]
