"""What each worker of a run is given next. Imported only where xdist is in use."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

from tests.scheduling import unit_of

BROWSING = 2
"""So many workers run the browser's tests: each starts a portal and a Chromium of its own for them."""


class Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        waiting = [*self.workqueue]
        browse = self.nodes.index(node) < BROWSING
        fitting = [unit for unit in waiting if unit.startswith("tests/browser/") == browse]
        self.workqueue.move_to_end((fitting or waiting)[0], last=False)
        super()._assign_work_unit(node)
