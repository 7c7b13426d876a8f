"""What was found for a request, kept as long as nobody has changed: many ask for the same, or ask again."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from app.assistants.matching.facts import Wanted
from app.assistants.matching.scoring import Scored
from app.assistants.matching.whatif import WhatIf
from app.core.fitting.skills import Kinship

MOST_PROPOSALS = 4_000
"""So many proposals are kept, over all requests: about 3 kB each with its explanation."""
MOST_REQUESTS = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """The best, in order, each with the explanation as JSON; how many have any of what was asked for; and what would
    bring more or better people, where that was looked for."""

    best: Sequence[Scored]
    explanations: Sequence[str]
    considered: int
    what_if: Sequence[WhatIf]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a finding depends on besides the people and the kinship of skills."""

    wanted: Wanted
    limit: int
    what_if: bool


class Findings:
    """The latest findings, over people who stay as they are. Whoever changes somebody calls `clear`."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Asked, tuple[Kinship, Finding]] = OrderedDict()
        self._proposals = 0

    def get(self, asked: Asked, kinship: Kinship) -> Finding | None:
        """What was found, if it was by the same kinship."""
        kept = self._kept.get(asked)
        if kept is None or not _are_same(kept[0], kinship):
            return None
        self._kept.move_to_end(asked)
        return kept[1]

    def keep(self, asked: Asked, kinship: Kinship, finding: Finding) -> None:
        self._drop(asked)
        self._kept[asked] = kinship, finding
        self._proposals += len(finding.best)
        while len(self._kept) > MOST_REQUESTS or self._proposals > MOST_PROPOSALS:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        self._kept.clear()
        self._proposals = 0

    def _drop(self, asked: Asked) -> None:
        gone = self._kept.pop(asked, None)
        if gone is not None:
            self._proposals -= len(gone[1].best)


def _are_same(one: Kinship, other: Kinship) -> bool:
    """Both come from one reading of the skills, or say the same."""
    return one.names is other.names or one == other
