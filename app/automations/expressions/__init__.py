"""The language of `{{ … }}` and of `if` in workflows: expressions over JSON, without code.

An expression is read by Python's own parser and may hold what `syntax.py` lists, nothing else: literals, members,
arithmetic, comparisons, `and`/`or`/`not`, `a if b else c`, a list built from another one, and calls of the functions in
`functions.py`. There are no loops, no assignments, no attributes of Python objects and no way to define a function, so
every expression ends; `Budget` bounds how much it does and how large its values get while it runs.

Why not a library: CEL's operators (`&&`, `!`) are others than those that the API promises (`and`, `not`), and the
sandboxes of template engines bound neither the time nor the size of what they compute.
"""
