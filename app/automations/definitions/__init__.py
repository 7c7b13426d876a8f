"""Definitions of workflows: their form, which the editor uses as JSON Schema, and the check before deployment."""
