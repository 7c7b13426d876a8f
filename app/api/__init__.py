"""The JSON API: operations, problems, ETags, idempotency, paging, documentation. Domains declare their paths in their
own `api.py`; whatever every path has in common is here, once."""
