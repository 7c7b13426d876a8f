"""What follows on events (`app/core/events`): giving them their places, and the consumers."""
