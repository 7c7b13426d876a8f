"""Who is asking: users, client companies, sign-ins, tokens, and what each role may do."""
