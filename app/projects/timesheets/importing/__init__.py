"""Time sheets of other tools, imported.

`people` and `work` find whom and what a row means, `examining` decides what the row does, `writing` logs it.
"""
