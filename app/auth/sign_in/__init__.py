"""Signing in: the first proof, the second, and the session that begins."""
