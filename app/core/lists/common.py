"""What most lists have: when a record was made and changed."""

from typing import Any

from app.core.lists.spec import Column, Sort


def date_columns(model: Any, *, shown: str) -> tuple[Column, Column]:
    """When each was made and changed; the one that is `shown` (`created_at`, `updated_at`) stands on wide pages."""
    return _date(model.created_at, "Created", shown), _date(model.updated_at, "Changed", shown)


def date_sorts(model: Any) -> tuple[Sort, Sort]:
    return Sort("created_at", "Created", model.created_at), Sort("updated_at", "Changed", model.updated_at)


def _date(moment: Any, label: str, shown: str) -> Column:
    name = str(moment.key)
    is_shown = name == shown
    return Column(name, label, moment, kind="time", sort=name, shown=is_shown, wide=is_shown)
