"""Accounts of users: their making, their own pages, how they want the portal."""
