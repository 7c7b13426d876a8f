"""One's sign-ins: the list, and ending them."""
