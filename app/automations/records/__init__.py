"""Business objects in workflows: which ones, what may be done with them, and by whose rights."""
