"""Assistants and what they can do: skills, profiles and calendars, matching, engagements and reviews."""
