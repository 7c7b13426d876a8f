"""What an analysis answers with, and keeps: each figure beside the figures that it follows from."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.automations.analysis.logs.steps import months_of
from app.automations.analysis.potential import StepPotential
from app.automations.analysis.schemas import AnalysisResult
from app.automations.analysis.scoring import Analysed, explained

OF_LOGS = ("variants", "rework", "waiting_hours", "working_hours", "bottlenecks")
Guessed = Mapping[str, Sequence[str]]


def result_of(
    found: Analysed,
    *,
    method: str,
    guessed: Guessed,
    figures: Mapping[str, Any] | None = None,
    cost: Decimal | None = None,
) -> dict[str, Any]:
    """The answer, ready for JSON. `guessed` has by step what nobody has said."""
    values: dict[str, Any] = {
        "score": found.score,
        "steps": [
            _step(step, step_type, guessed.get(step.step.name, ()))
            for step, step_type in zip(found.steps, found.suggested.types, strict=True)
        ],
        "hours_saved_per_month": found.hours_saved_per_month,
        "annual_saving": found.annual_saving,
        "currency": found.process.currency,
        "build_hours": found.building.hours,
        "build_cost": found.building.cost,
        "payback_months": found.payback_months,
        "minutes_saved_per_run": found.minutes_saved_per_run,
        "runs_per_month": found.runs_per_month,
        "suggested_workflow": found.suggested.workflow,
        "method": method,
        "because": found.because,
        "assumptions": found.process.assumptions.shown(),
        "hourly_cost": found.process.hourly_cost,
    }
    if figures is not None:
        values |= {name: figures[name] for name in OF_LOGS}
        values["log"] = {**figures, "months": months_of(figures), "cost": cost}
    return AnalysisResult.model_validate(values).model_dump(mode="json", by_alias=True)


def _step(step: StepPotential, step_type: str, guessed: Sequence[str]) -> dict[str, Any]:
    facts = step.step
    return {
        "name": facts.name,
        "potential": step.potential,
        "reasons": step.reasons,
        "suggested_step_type": step_type,
        "minutes": facts.minutes,
        "times_per_month": facts.times_per_month,
        "rule_based": facts.rule_based,
        "structured_input": facts.structured_input,
        "systems": list(facts.systems),
        "exception_rate": facts.exception_rate,
        "exception_rate_used": step.exception_rate,
        "hours_per_month": step.hours,
        "hours_saved_per_month": step.hours_saved,
        "handled": step.handled,
        "is_automated": step.is_automated,
        "parts": [explained(part) for part in step.parts],
        "guessed": list(guessed),
    }
