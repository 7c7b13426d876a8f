"""Match requests: what a company asks for, and who fits."""
