"""News of matches and engagements (see `app/core/news.py`). Each comes with `url`, a path of the portal."""

from app.auth.news import tell_company, tell_staff
from app.core.news import declare, tell

KINDS = declare(
    "assistants",
    {
        "match-accepted",  # company, name, hours, start: told to the assistant, and to staff
        "match-confirmed",  # name, hours, start: told to the company, when staff accepted for it
        "match-declined",  # company, name: told to staff
        "match-withdrawn",  # company, name: told to the company, when the assistant declined or is gone
        "engagement-completed",  # company, name, day: told to the other side
        "engagement-ended",  # company, name, day, reason: told to the other side
        "review-given",  # company, stars: told to the assistant
        "away",  # name, first, last: told to each company that has hours of somebody who takes time off
    },
)

__all__ = ["KINDS", "tell", "tell_company", "tell_staff"]
