"""What every page shares: forms from schemas, lists, records, guards, htmx, errors, the look."""
