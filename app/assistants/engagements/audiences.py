"""From which side somebody looks at requests and matches, and where the pages of that side stand."""

from dataclasses import dataclass
from uuid import UUID

from app.assistants.engagements.resources import matches, requests
from app.assistants.models import Match
from app.core import steps


@dataclass(frozen=True)
class Side:
    """One of the three sides. Where its pages begin, the kinds say."""

    name: steps.Side
    layout: str
    title: str

    @property
    def base(self) -> str:
        return matches.base(self.name)

    @property
    def has_requests(self) -> bool:
        return self.name != "expert"

    def match_url(self, match: Match) -> str:
        return matches.url(match, self.name)

    def request_url(self, request_id: UUID) -> str:
        return requests.url(request_id, self.name)


COMPANY = Side("company", "layouts/client.html", "Assistants")
STAFF = Side("staff", "layouts/admin.html", "Matches")
ASSISTANT = Side("expert", "layouts/client.html", "Assignments")
