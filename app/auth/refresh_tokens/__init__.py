"""Refresh tokens, each good for one successor."""
