"""Taking work for runs and doing it, until told to stop: a part of each worker."""

import threading
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from flask import Flask

from app.automations.effects import StepFailed, every  # noqa: F401 - they are known from here on
from app.automations.models import ADVANCE, Run
from app.automations.runs import work
from app.automations.runs.advancing import Begun, Look, look_at
from app.automations.runs.engine import Ended
from app.automations.runs.limits import without_room
from app.automations.runs.loading import lock_runs, steps_of
from app.automations.runs.stepping import begin_try, call, finish_try
from app.automations.runs.values import secrets_of
from app.automations.runs.versions import definition_of
from app.automations.runs.work import Claim, LeaseLost
from app.automations.runs.writing import write
from app.core.tenancy import as_system
from app.extensions import db

IDLE = 0.1
"""Seconds between two looks for work while there is none."""
WAKE_EVERY = 0.5
BATCH = 20

log = structlog.get_logger(__name__)


def advance(claims: Sequence[Claim]) -> None:
    """Look at these runs, in one transaction, which the edge commits: what comes next, and what only computes."""
    runs = lock_runs({claim.run_id for claim in claims})
    mine = work.hand_in(claims)
    ids = [claim.run_id for claim in claims if claim.id in mine and claim.run_id in runs]
    steps = steps_of(ids)
    parked = without_room(runs[one] for one in ids)
    work.park(runs[one] for one in ids if one in parked)
    write([_look(runs[one], *steps[one]) for one in ids if one not in parked])


def _look(run: Run, ended: dict[str, Ended], begun: dict[str, Begun]) -> Look:
    definition = definition_of(run.automation_id, run.version_number)
    look = Look(run, definition, ended, begun, secrets_of(run.client_id) if run.dry_run else {})
    look_at(look)
    return look


def do_step(claim: Claim) -> None:
    """One try of the step, with its commits. Raises `LeaseLost`."""
    attempt = begin_try(claim)
    if attempt is None:
        db.session.commit()
        return
    db.session.commit()
    output: Any = None
    error: StepFailed | None = None
    try:
        output = call(attempt)
    except StepFailed as failure:
        error = failure
    except Exception as failure:  # noqa: BLE001 - a mistake in an effect ends the try, not the worker
        error = StepFailed(f"{type(failure).__name__}: {failure}")
    finish_try(attempt, output, error)
    db.session.commit()


@dataclass
class Runner:
    """Claims work and hands it to threads. `slots` steps at most are done at a time in this process."""

    app: Flask
    slots: int = 8
    stop: threading.Event = field(default_factory=threading.Event)
    held: dict[int, Claim] = field(default_factory=dict)
    after: UUID = work.NOBODY

    def run(self) -> None:
        """Work until `stop` is set. Nothing is lost by an end at any other moment."""
        keeper = threading.Thread(target=self._keep_leases, name="leases", daemon=True)
        keeper.start()
        with ThreadPoolExecutor(self.slots, thread_name_prefix="step") as pool:
            while not self.stop.is_set():
                if not self._round(pool):
                    self.stop.wait(IDLE)

    def _round(self, pool: ThreadPoolExecutor) -> bool:
        """Claim what there is place for, and begin it. Whether there was anything."""
        free = self.slots - len(self.held)
        claims = self._guarded(self._claim, max(free, 1) if free > 0 else 0) or []
        looks = [one for one in claims if one.position == ADVANCE]
        for one in claims:
            if one.position != ADVANCE:
                self.held[one.id] = one
                pool.submit(self._step, one)
        if looks:
            self._advance(looks)
        return bool(claims)

    def _claim(self, most: int) -> list[Claim]:
        if not most:
            return []
        claims = work.claim(most, after=self.after)
        if not claims and self.after != work.NOBODY:
            self.after = work.NOBODY
            claims = work.claim(most)
        if claims:
            self.after = max(one.client_id for one in claims)
        db.session.commit()
        return claims

    def _advance(self, claims: Sequence[Claim]) -> None:
        if self._guarded(self._commit_advance, claims) is None and len(claims) > 1:
            for one in claims:  # One of them failed: the others go on without it.
                self._guarded(self._commit_advance, [one])

    def _commit_advance(self, claims: Sequence[Claim]) -> bool:
        advance(claims)
        db.session.commit()
        return True

    def _step(self, claim: Claim) -> None:
        try:
            self._guarded(do_step, claim)
        finally:
            self.held.pop(claim.id, None)

    def _guarded(self, function, *arguments):  # type: ignore[no-untyped-def]
        with self.app.app_context(), as_system("the runner works for all companies"):
            try:
                return function(*arguments)
            except LeaseLost:
                db.session.rollback()
            except Exception as error:  # noqa: BLE001 - the lease runs out, and it is tried again
                db.session.rollback()
                log.warning("the runner failed at something", error=f"{type(error).__name__}: {error}")
        return None

    def _keep_leases(self) -> None:
        waited = 0.0
        while not self.stop.wait(WAKE_EVERY):
            self._guarded(self._wake)
            waited += WAKE_EVERY
            if waited >= work.RENEW_EVERY:
                waited = 0.0
                self._guarded(self._renew, list(self.held.values()))

    def _wake(self) -> None:
        work.wake()
        db.session.commit()

    def _renew(self, claims: Collection[Claim]) -> None:
        if claims:
            work.renew(claims)
            db.session.commit()
