"""Assistants themselves: the record, its pages, its lists, its API."""
