"""Identities kept in memory, and how a process knows that they still hold.

Whatever changes who somebody is, or ends what they came in by, moves a counter that every process of the machine has in
its memory (`counters`, `invalidation`); what changes it from elsewhere is heard from PostgreSQL (`listener`). A kept
identity (`store`) is served only while none of its counters has moved and the listening is proven.
"""
