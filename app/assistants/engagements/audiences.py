"""From which side somebody looks at requests and matches, and where the pages of that side stand."""

from dataclasses import dataclass
from typing import Any

from app.assistants.models import Match
from app.core import steps


@dataclass(frozen=True)
class Side:
    """One of the three sides. `base` is where its pages begin."""

    name: steps.Side
    base: str
    layout: str
    title: str

    @property
    def has_requests(self) -> bool:
        return self.name != "expert"

    def match_url(self, match: Match) -> str:
        return f"{self.base}/{match.id}"

    def request_url(self, request_id: Any) -> str:
        return f"{self.base}/requests/{request_id}"


COMPANY = Side("company", "/dashboard/matches", "layouts/client.html", "Assistants")
STAFF = Side("staff", "/admin/matches", "layouts/admin.html", "Matches")
ASSISTANT = Side("expert", "/dashboard/assignments", "layouts/client.html", "Assignments")
