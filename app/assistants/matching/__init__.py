"""Who fits a request, and why: the facts, the parts of the score, the limits, and finding the best by index."""
