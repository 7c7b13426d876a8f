"""OAuth 2.0 for third parties: their applications, and what people let them do."""
