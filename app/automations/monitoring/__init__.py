"""What happened to runs, what it was worth, and how long it is known: lists, failures, figures, retention."""
