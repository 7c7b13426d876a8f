"""The pages around the records: home, navigation, the palette, audit, jobs, the clients' dashboard, the account.

It owns no tables; it reads what the domains and the core keep.
"""
