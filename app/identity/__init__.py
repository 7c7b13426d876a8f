"""Who asks: people, companies, sign-ins, tokens, permissions, and whose rows each may see.

The kernel lies below `web` and `api`, which ask it. Accounts, and how one signs in, are the domain `app/auth`, above.
"""
