"""What DIG|LIT sells: products, solutions that combine them, and service categories with their offerings."""
