"""Writing down what goes out: in the transaction that begins a try, and again with what came of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.automations.effects import RESERVES, TELLS, Masks, StepFailed
from app.automations.effects.answers import storable
from app.automations.models import Run, RunStep
from app.automations.outbox.budgets import Account, budget_of, reserve, settle, this_month
from app.core.clock import now
from app.core.ids import new_id
from app.core.outbox import OutgoingMessage, cut
from app.extensions import db


@dataclass(frozen=True)
class Outgoing:
    """A call that is about to be made: its row, and what of the budget was reserved for it."""

    id: UUID
    channel: str
    began: float
    account: Account
    reserved: Decimal


def begin_outgoing(run: Run, row: RunStep, channel: str, form: Any, kept: Mapping[str, Any]) -> Outgoing | None:
    """Note what goes out, before it does; `kept` is the `with` in which secrets are masked. None for a type that
    reaches nobody. Raises `StepFailed` where the company has no budget left for it."""
    tells = TELLS.get(channel)
    if tells is None:
        return None
    told = tells(kept)
    account = Account(run.client_id, this_month(), _short(told.to), run.automation_id)
    reserved = RESERVES[channel](form) if channel in RESERVES else Decimal(0)
    if reserved:
        _reserve(account, reserved)
    if row.attempts > 1:
        _give_up_earlier(row)
    message: dict[str, Any] = {
        "id": new_id(), "client_id": run.client_id, "automation_id": run.automation_id, "run_id": run.id,
        "step_id": row.step_id, "item": row.item, "attempt": row.attempts, "key": row.key, "channel": channel,
        "provider": told.provider, "recipient": _short(told.to), "summary": _short(told.summary),
    }  # fmt: skip
    db.session.execute(OutgoingMessage.__table__.insert(), [_with_defaults(message)])  # type: ignore[attr-defined]
    return Outgoing(message["id"], channel, time.monotonic(), account, reserved)


def end_outgoing(outgoing: Outgoing | None, mask: Masks, output: Any, error: StepFailed | None) -> None:
    """Note what came of it. Whoever lost the lease notes it as well: the call was made all the same."""
    if outgoing is None:
        return
    answer = error.message if error is not None else _answer(outgoing.channel, output)
    db.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.id == outgoing.id)
        .values(
            status="sent" if error is None else "failed",
            answer=_short(mask(answer)),
            finished_at=now(),
            duration_ms=round((time.monotonic() - outgoing.began) * 1000),
        )
    )
    told: Mapping[str, Any] = error.detail if error is not None else output if isinstance(output, dict) else {}
    if outgoing.reserved and "cost" in told:
        cost = min(outgoing.reserved, Decimal(str(told["cost"])))
        settle(outgoing.account, outgoing.reserved, cost, int(told.get("tokens", 0)))


def _reserve(account: Account, amount: Decimal) -> None:
    budget = budget_of(account.client_id)
    if not reserve(account, amount, budget):
        raise StepFailed(
            f"The AI budget isn’t sufficient: the company can spend ${budget:,.2f} a month, and this call could cost "
            f"up to ${amount:,.4f} more. The budget resets on the first day of next month.",
            again=False,
        )


def _give_up_earlier(row: RunStep) -> None:
    """Earlier tries whose worker ended before it heard an answer."""
    db.session.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.run_id == row.run_id, OutgoingMessage.step_id == row.step_id)
        .where(OutgoingMessage.item == row.item, OutgoingMessage.status == "sending")
        .values(status="unknown")
    )


def _answer(channel: str, output: Any) -> str:
    given: Mapping[str, Any] = output if isinstance(output, dict) else {}
    match channel:
        case "http" | "chat":
            return str(given.get("status", ""))
        case "email" | "sms":
            return str(given.get("message_id", ""))
        case "language_model":
            return f"{given.get('tokens', 0):,} tokens, ${given.get('cost', 0):,.4f}"
    return ""


def _short(text: str) -> str:
    return cut(str(storable(text)))


def _with_defaults(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "status": "sending", "answer": "", "created_at": now()}
