"""Importing this makes all effects known."""

from app.automations.effects import chat, email, http, language_model, sms

__all__ = ["chat", "email", "http", "language_model", "sms"]
