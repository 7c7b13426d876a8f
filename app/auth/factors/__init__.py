"""What proves a person besides the password: authenticator apps, recovery codes, passkeys."""
