"""Data tables: rows of a company that its workflows read and write, known by a key."""
