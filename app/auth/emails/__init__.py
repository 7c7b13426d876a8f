"""Addresses of e-mail: their confirmation and their change."""
