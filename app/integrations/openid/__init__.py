"""Asks an OpenID Connect provider who somebody is (OpenID Connect Core 1.0, authorization code flow with PKCE).

Everything that goes out to the provider goes from here: bounded in time and size, without redirects. It knows nothing
of the portal's accounts.
"""
