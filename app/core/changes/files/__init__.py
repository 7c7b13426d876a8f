"""Files that are imported: kept until their rows are read, looked into, and understood as records of a resource.

`store` keeps the bytes, `proposal` says how a file is probably meant, a `Plan` how it is to be read; `remembered` knows
what was chosen for such a file before, and `lines` gives its rows as cells by field.
"""
