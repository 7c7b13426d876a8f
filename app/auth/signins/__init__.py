"""A person's sign-ins: seeing them, and ending one or all others."""
