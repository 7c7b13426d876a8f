"""Seeing the portal as a client's user does."""
