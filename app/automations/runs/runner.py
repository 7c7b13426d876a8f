"""Taking work for runs and doing it, until told to stop: a part of each worker."""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import structlog
from flask import Flask

from app.automations.effects import StepFailed, every  # noqa: F401 - they are known from here on
from app.automations.models import ADVANCE, Run
from app.automations.outbox.recording import end_outgoing
from app.automations.runs import work
from app.automations.runs.advancing import Begun, Look
from app.automations.runs.engine import Ended
from app.automations.runs.giving_up import give_up
from app.automations.runs.inside import look_at_all
from app.automations.runs.limits import without_room
from app.automations.runs.loading import has_begun, lock_runs, steps_of
from app.automations.runs.stepping import begin_try, call, finish_try
from app.automations.runs.values import secrets_of
from app.automations.runs.versions import definition_of
from app.automations.runs.work import MOST_CLAIMS, Claim, LeaseLost
from app.automations.runs.writing import write
from app.core.tenancy import as_system
from app.extensions import db

IDLE = 0.25
"""Seconds until it looks for work again though nobody has rung."""
WAKE_EVERY = 0.5
BATCH = 32
SLOTS = 32
LOOKERS = 2
"""Batches that are looked at at a time: while one waits for the database, the other computes."""
LONGEST_BATCH = 3.0
"""Seconds after which runs of a batch are left to the next one, if looking at the others took so long."""
SHARE = 4
T = TypeVar("T")

log = structlog.get_logger(__name__)


def advance(claims: Sequence[Claim]) -> None:
    """Look at these runs, in one transaction, which the edge commits: what comes next, and what only computes."""
    work.bound()
    until = monotonic() + LONGEST_BATCH
    runs = lock_runs({claim.run_id for claim in claims})
    mine = work.hand_in(claims)
    ids = [claim.run_id for claim in claims if claim.id in mine and claim.run_id in runs]
    steps = steps_of([one for one in ids if has_begun(runs[one])])
    parked = without_room(runs[one] for one in ids)
    work.park(runs[one] for one in ids if one in parked)
    looks = (_look(runs[one], *steps.get(one, ({}, {}))) for one in ids if one not in parked)
    write(look_at_all(looks, until))


def _look(run: Run, ended: dict[str, Ended], begun: dict[str, Begun]) -> Look:
    definition = definition_of(run.automation_id, run.version_number)
    return Look(run, definition, ended, begun, secrets_of(run.client_id) if run.dry_run else {})


@dataclass
class Turn:
    """Whose turn it is. A company that is alone gets the whole batch after a few rounds, and a few rows at a time again
    as soon as another one comes."""

    after: UUID = work.NOBODY
    share: int = SHARE

    def take(self, claims: Sequence[Claim], most: int) -> None:
        companies = {claim.client_id for claim in claims}
        if companies:
            self.after = max(companies)
        self.share = min(most, 2 * self.share) if len(companies) == 1 and len(claims) >= self.share else SHARE


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
    try:
        finish_try(attempt, output, error)
    except LeaseLost:
        db.session.rollback()
        end_outgoing(attempt.outgoing, attempt.mask, output, error)
        db.session.commit()
        raise
    db.session.commit()


@dataclass
class Runner:
    """Claims work and does it: batches of looks in two threads, and tries of steps in `slots`."""

    app: Flask
    stopping: threading.Event
    slots: int = SLOTS
    bell: threading.Event = field(default_factory=threading.Event)
    """Set when there may be work."""
    held: dict[int, Claim] = field(default_factory=dict)
    looking: set[int] = field(default_factory=set)
    """The batches of looks that are under way, each by its first claim."""
    turns: dict[str, Turn] = field(default_factory=lambda: {"looks": Turn(), "steps": Turn()})
    ask_for_steps_at: float = 0.0
    """From when on it asks for steps. What begins runs rings for looks alone, thousands of times."""

    def run(self) -> None:
        """Work until `stopping` is set, and return once the tries under way are over. Nothing is lost by an end at any
        other moment."""
        keeper = threading.Thread(target=self._keep_leases, name="leases", daemon=True)
        keeper.start()
        with (
            ThreadPoolExecutor(self.slots, thread_name_prefix="step") as pool,
            ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as lookers,
        ):
            while not self.stopping.is_set():
                self.bell.clear()
                if not self._round(pool, lookers):
                    self.bell.wait(IDLE)
        keeper.join()

    def _round(self, pool: ThreadPoolExecutor, lookers: ThreadPoolExecutor) -> bool:
        """Claim what there is place for, and do it. Whether there was anything."""
        steps: list[Claim] = []
        free = self.slots - sum(claim.position != ADVANCE for claim in list(self.held.values()))
        if free > 0 and monotonic() >= self.ask_for_steps_at:
            self.ask_for_steps_at = monotonic() + IDLE
            steps = self._guarded(self._claim, "steps", free) or []
        if steps:
            self.ask_for_steps_at = 0.0  # There may be more.
        for claim in steps:
            pool.submit(self._step, claim)
        looks: list[Claim] = []
        if len(self.looking) < LOOKERS:
            looks = self._guarded(self._claim, "looks", BATCH) or []
        if looks:
            self.looking.add(looks[0].id)
            lookers.submit(self._look_at, looks)
        return bool(steps or looks)

    def _ring(self) -> None:
        """There may be work of either kind."""
        self.ask_for_steps_at = 0.0
        self.bell.set()

    def _claim(self, kind: str, most: int) -> list[Claim]:
        claim, turn = (work.claim_steps if kind == "steps" else work.claim_looks), self.turns[kind]
        claims = claim(most, after=turn.after, share=min(most, turn.share))
        if not claims and turn.after != work.NOBODY:
            turn.after = work.NOBODY
            claims = claim(most, share=min(most, turn.share))
        db.session.commit()
        turn.take(claims, most)
        for one in claims:
            self.held[one.id] = one
        return claims

    def _look_at(self, claims: Sequence[Claim]) -> None:
        try:
            self._advance(claims)
        finally:
            self.looking.discard(claims[0].id)
            self._ring()

    def _advance(self, claims: Sequence[Claim]) -> None:
        try:
            alone = claims[0] if len(claims) == 1 else None
            if self._guarded(self._commit_advance, claims, claim=alone) is None and alone is None:
                for one in claims:  # One of them failed: the others go on without it.
                    self._guarded(self._commit_advance, [one], claim=one)
        finally:
            for one in claims:
                self.held.pop(one.id, None)

    def _commit_advance(self, claims: Sequence[Claim]) -> bool:
        advance(claims)
        db.session.commit()
        return True

    def _step(self, claim: Claim) -> None:
        try:
            self._guarded(do_step, claim, claim=claim)
        finally:
            self.held.pop(claim.id, None)
            self._ring()

    def _guarded(self, function: Callable[..., T], *arguments: Any, claim: Claim | None = None) -> T | None:
        with self.app.app_context(), as_system("the runner works for all companies"):
            try:
                return function(*arguments)
            except LeaseLost:
                db.session.rollback()
                return None
            except Exception as error:  # noqa: BLE001 - the lease runs out, and it is tried again
                db.session.rollback()
                log.warning("the runner failed at something", error=f"{type(error).__name__}: {error}")
                self.stopping.wait(IDLE)
        if claim is not None and claim.fence > MOST_CLAIMS:
            self._guarded(self._give_up, claim)
        return None

    def _give_up(self, claim: Claim) -> None:
        give_up(claim)
        db.session.commit()

    def _keep_leases(self) -> None:
        waited = 0.0
        while not self.stopping.wait(WAKE_EVERY):
            if self._guarded(self._wake):
                self._ring()
            waited += WAKE_EVERY
            if waited >= work.RENEW_EVERY:
                waited = 0.0
                self._guarded(self._renew, list(self.held.values()))

    def _wake(self) -> int:
        woken = work.wake()
        db.session.commit()
        return woken

    def _renew(self, claims: Collection[Claim]) -> None:
        if claims:
            work.renew(claims)
            db.session.commit()
