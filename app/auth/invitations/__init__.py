"""Invitations, and their acceptance."""
