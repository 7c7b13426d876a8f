"""How changes came about, how two of them at once get on, and how they are taken back.

`history` reads the audit entries of a record, `merge` joins two people's edits, `undo` puts back what was. A bulk
change, an import or an undo is a change set (`models`): it is staged and shown (`staging`), then applied as one
(`applying`).
"""
