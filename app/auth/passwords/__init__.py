"""Passwords: what makes a good one, its hash, its change and its reset."""
