"""Random tokens that are good once, within a short time: mailed links, challenges, half-done sign-ins."""
