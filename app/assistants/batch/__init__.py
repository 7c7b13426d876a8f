"""Many requests and many people put together at one go."""
