"""Working through runs as workers do, where at each moment one of them may be killed, or frozen.

A killed worker's open transaction is rolled back, and its lease runs out. A frozen one goes on later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from app.automations.effects import Call, StepFailed
from app.automations.models import ADVANCE, Run, RunStep, Work
from app.automations.runs import work
from app.automations.runs.operations import decide
from app.automations.runs.runner import advance
from app.automations.runs.stepping import Try, begin_try, call, finish_try
from app.automations.runs.work import Claim, LeaseLost
from app.core.audit import SYSTEM
from app.core.clock import frozen, now
from app.extensions import db
from tests.automations.plans import SERVICE
from tests.automations.reference import Plan

MOST_TURNS = 400
FATES = (
    "done", "killed with the claim", "killed while beginning", "killed after beginning", "killed after the call",
    "killed while finishing", "frozen with the claim", "frozen after beginning", "frozen after the call",
)  # fmt: skip
_EXPIRE = text("update automation_work set lease_until = clock_timestamp() - interval '1 s' where id = :id")
Choose = Callable[[Sequence[Any]], Any]


@dataclass
class Service:
    """What stands for `http`. It answers as the plan says, by how many of its answers were kept so far."""

    plans: Mapping[UUID, Plan]
    kept: dict[UUID, int] = field(default_factory=dict)
    keys: dict[tuple[UUID, str, str], set[UUID]] = field(default_factory=dict)
    calls: dict[UUID, int] = field(default_factory=dict)

    def __call__(self, form: Any, given: Call) -> Any:
        item, value = form.url.removeprefix(f"{SERVICE}/").split("/")
        self.keys.setdefault((given.run_id, given.step_id, item), set()).add(given.key)
        self.calls[given.key] = self.calls.get(given.key, 0) + 1
        automation_id = db.session.scalars(select(Run.automation_id).where(Run.id == given.run_id)).one()
        answers = self.plans[automation_id].step(given.step_id).answers[int(item)]
        match answers[min(self.kept.get(given.key, 0), len(answers) - 1)]:
            case "down":
                raise StepFailed("The service is down.", status=503)
            case "refused":
                raise StepFailed("The service refuses it.", again=False)
            case "broken":
                raise ValueError("something odd")
        return {"v": int(value) + 1}


@dataclass
class Worker:
    """One that has a claim: it goes on from `stage`."""

    claim: Claim
    stage: str = "claimed"
    attempt: Try | None = None
    output: Any = None
    error: StepFailed | None = None


class World:
    """The workers, the people and the clock. `choose` picks one of several; `mishaps` is how many there may be."""

    def __init__(self, service: Service, choose: Choose, mishaps: int) -> None:
        self.service = service
        self.choose = choose
        self.mishaps = mishaps
        self.at: datetime = now()
        self.asleep: list[Worker] = []

    def work(self) -> None:
        """Until every run is over, and everybody who slept has woken."""
        for _ in range(MOST_TURNS):
            with frozen(self.at):
                if not self._turn():
                    return
        raise AssertionError("this never ends")

    def _turn(self) -> bool:
        work.wake()
        most = self.choose((20, 1, 3))
        claims = work.claim_looks(most, share=20) + work.claim_steps(most, share=20)
        db.session.commit()
        looks = [claim for claim in claims if claim.position == ADVANCE]
        if looks:
            self._look(looks)
        for claim in claims:
            if claim.position != ADVANCE:
                self._step(claim)
        return bool(claims) or self._something_else()

    def _look(self, claims: list[Claim]) -> None:
        fate = self._fate(("done", "killed with the claim", "killed while finishing", "frozen with the claim"))
        if fate in ("done", "killed while finishing"):
            advance(claims)
        if fate == "done":
            db.session.commit()
            return
        db.session.rollback()
        for claim in claims:
            self._lose(Worker(claim), fate)

    def _step(self, claim: Claim) -> None:
        fate = self._fate(FATES)
        worker = Worker(claim)
        if not fate.endswith("with the claim"):
            self._go_on(worker, fate)
        if fate != "done":
            self._lose(worker, fate)

    def _fate(self, fates: Sequence[str]) -> str:
        if not self.mishaps:
            return "done"
        fate: str = self.choose(fates)
        self.mishaps -= fate != "done"
        return fate

    def _lose(self, worker: Worker, fate: str) -> None:
        """Nobody hears of this worker for a while."""
        db.session.rollback()
        db.session.execute(_EXPIRE, {"id": worker.claim.id})
        db.session.commit()
        if fate.startswith("frozen"):
            self.asleep.append(worker)

    def _go_on(self, worker: Worker, until: str = "done") -> None:
        """Take the worker's step further, until it is over or the worker meets its fate."""
        if worker.stage == "claimed":
            worker.attempt = begin_try(worker.claim)
            if until == "killed while beginning":
                return
            db.session.commit()
            worker.stage = "begun" if worker.attempt is not None else "over"
        if worker.stage == "begun" and not until.endswith("after beginning"):
            self._call(worker)
        if worker.stage == "called" and not until.endswith(("after beginning", "after the call")):
            self._finish(worker, commit=until != "killed while finishing")

    def _call(self, worker: Worker) -> None:
        assert worker.attempt is not None
        try:
            worker.output = call(worker.attempt)
        except StepFailed as failure:
            worker.error = failure
        except Exception as failure:  # noqa: BLE001 - as the runner does
            worker.error = StepFailed(f"{type(failure).__name__}: {failure}")
        worker.stage = "called"

    def _finish(self, worker: Worker, *, commit: bool) -> None:
        assert worker.attempt is not None
        key = worker.attempt.key
        finish_try(worker.attempt, worker.output, worker.error)
        if commit:
            db.session.commit()
            worker.stage = "over"
            self.service.kept[key] = self.service.kept.get(key, 0) + 1

    def _something_else(self) -> bool:
        """Nothing can be claimed: a person answers, time passes, or somebody wakes. Whether there was anything."""
        deeds: list[Callable[[], None]] = [lambda one=one: self._wake(one) for one in self.asleep]  # type: ignore[misc]
        questions = select(RunStep).where(RunStep.type == "approval", RunStep.status == "waiting")
        for step in db.session.scalars(questions):
            plan = self._plan_of(step.run_id)
            if plan is not None and plan.step(step.step_id).decision != "expire":
                deeds.append(lambda step=step, plan=plan: self._decide(step, plan))  # type: ignore[misc]
        due = db.session.scalar(select(func.min(Work.due_at)).where(Work.state == "later"))
        if due is not None:
            deeds.append(lambda: self._wait_until(due))
        if not deeds:
            return False
        self.choose(deeds)()
        return True

    def _wake(self, worker: Worker) -> None:
        self.asleep.remove(worker)
        try:
            if worker.claim.position == ADVANCE:
                advance([worker.claim])
                db.session.commit()
            else:
                self._go_on(worker)
        except LeaseLost:
            db.session.rollback()

    def _wait_until(self, due: datetime) -> None:
        self.at = max(self.at, due)

    def _plan_of(self, run_id: UUID) -> Plan | None:
        return self.service.plans.get(db.session.get_one(Run, run_id).automation_id)

    def _decide(self, step: RunStep, plan: Plan) -> None:
        run = db.session.get_one(Run, step.run_id)
        decide(run, step.step_id, approve=plan.step(step.step_id).decision == "approve", comment="", actor=SYSTEM)
        db.session.commit()
