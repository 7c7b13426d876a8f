"""Workflows as drawings: which step comes below which, and where the lines run."""
