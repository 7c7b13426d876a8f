"""Protection against guessing: how often somebody may try, and the browsers that are known."""
