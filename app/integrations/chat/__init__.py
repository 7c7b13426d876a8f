"""Messages to channels of Slack and Discord, by their incoming webhooks."""
