"""The public signing keys, for programs that check access tokens."""
