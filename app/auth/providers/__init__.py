"""Signing in with another's account: any OpenID Connect provider that the settings name."""
