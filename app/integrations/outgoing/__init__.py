"""Requests to addresses that customers name: only to public ones, for a bounded time, with a bounded answer."""
