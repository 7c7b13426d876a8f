"""What migrations say again and again, in SQL. What a released migration takes from here stays as it is."""

RECORD = """
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version bigint not null default 1"""
"""The columns of a `Record` besides its id."""

ENTRY = """
            created_at timestamptz not null"""
"""The column of an `Entry` besides its id."""

SLUG = "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 140"
CURRENCY = "is_currency(currency)"
