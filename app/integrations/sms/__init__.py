"""Text messages, by Twilio's HTTP interface. Its library would bring two HTTP clients of its own for a single call."""
