"""Teams: their members, their pages, their paths in the API."""
