"""API keys: what an enterprise client's programs call with."""
