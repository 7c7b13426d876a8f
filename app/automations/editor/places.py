"""Where the pages of making automations are, for staff and for companies."""

from dataclasses import dataclass
from uuid import UUID

from app.automations.kinds import automations
from app.core.sides import Side


@dataclass(frozen=True)
class Places:
    side: Side

    @property
    def base(self) -> str:
        return automations.base(self.side)

    def automation(self, automation_id: UUID) -> str:
        return f"{self.base}/{automation_id}"

    def draft(self, draft_id: UUID) -> str:
        return f"{self.base}/drafts/{draft_id}"

    def step(self, draft_id: UUID, step_id: str) -> str:
        return f"{self.draft(draft_id)}/steps/{step_id}"
