"""How well something fits: what scores of assistants and of teams have in common."""
