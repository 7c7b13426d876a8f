"""What starts runs: deliveries to webhooks, schedules, events."""
