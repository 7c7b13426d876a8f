"""Matches, from the proposal to the engagement and its review."""
