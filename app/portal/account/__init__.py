"""A person's own pages under /account. A domain adds its own with `declare_section`; see `sections.py`."""
