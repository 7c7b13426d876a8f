"""How somebody comes to have an account, a confirmed address, and a password: registering, confirming, resetting."""
