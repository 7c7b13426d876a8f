"""Changes of what was agreed with the client."""
