"""What follows on events (`app/core/events`): giving them their places, the consumers, and the page that shows both."""
