"""From which side somebody looks at requests and matches: where the pages stand, and what may be done on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.assistants.engagements.operations import OVER, may_become
from app.assistants.models import Match
from app.identity.policy import can


@dataclass(frozen=True)
class Side:
    """One of the three sides. `base` is where its pages begin, `acts` what it may do, as far as the steps allow."""

    name: str
    base: str
    layout: str
    title: str
    acts: tuple[str, ...]

    @property
    def has_requests(self) -> bool:
        return self.name != "assistant"

    def match_url(self, match: Match) -> str:
        return f"{self.base}/{match.id}"

    def request_url(self, request_id: Any) -> str:
        return f"{self.base}/requests/{request_id}"


COMPANY = Side(
    "company",
    "/dashboard/matches",
    "layouts/client.html",
    "Assistants",
    ("accept", "decline", "complete", "end", "review"),
)
STAFF = Side(
    "staff", "/admin/matches", "layouts/admin.html", "Matches", ("accept", "decline", "complete", "end", "withdraw")
)
ASSISTANT = Side(
    "assistant", "/dashboard/assignments", "layouts/client.html", "Assignments", ("decline", "complete", "end")
)

_BECOMES: Mapping[str, str] = {
    "accept": "accepted",
    "decline": "declined",
    "complete": "completed",
    "end": "ended",
    "withdraw": "withdrawn",
}


def open_acts(side: Side, match: Match, person: Any) -> set[str]:
    """What the person may do with the match now."""
    if side is not ASSISTANT and not can(person, "matches:write"):
        return set()
    return {act for act in side.acts if _is_open(act, match)}


def _is_open(act: str, match: Match) -> bool:
    if act == "review":
        return match.status in OVER and match.review is None
    return may_become(match.status, _BECOMES[act])
