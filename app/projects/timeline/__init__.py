"""All projects along the calendar."""
