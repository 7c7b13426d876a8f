"""What is asked about a request once it is answered: what if it were another, and why not somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.assistants.matching.facts import Wanted
from app.assistants.matching.index import candidate_of
from app.assistants.matching.scoring import Scored
from app.assistants.matching.whatif import WhatIf, if_rate_were, what_if
from app.assistants.matching.whynot import Proposed, WhyNot, why_not
from app.assistants.models import MatchRequest
from app.assistants.profiles.schemas import HourlyRate
from app.assistants.requests.operations import find_for, kinship_of, wanted_of
from app.core.amounts import as_typed
from app.core.validation import message_of

_RATE: TypeAdapter[Decimal] = TypeAdapter(HourlyRate)


@dataclass(frozen=True)
class Answer:
    """What a change would bring, and the query that begins a new request with it."""

    what_if: WhatIf
    query: dict[str, Any]


@dataclass(frozen=True)
class Supposed:
    """The changes that matter; and what the maximum rate that was `typed` would bring, or what is wrong with it."""

    answers: list[Answer]
    typed: str = ""
    at_rate: Answer | None = None
    problem: str = ""


def suppose(found: MatchRequest, typed: str = "") -> Supposed:
    """What would change if the request were another. `typed` is a maximum rate to look at."""
    wanted = wanted_of(found)
    near = kinship_of(wanted)

    def find(changed: Wanted) -> Sequence[Scored]:
        return find_for(changed, found.most, near=near)

    present = find(wanted)
    answers = [_answer(found, answer) for answer in what_if(wanted, present, find, near)]
    if not typed.strip():
        return Supposed(answers)
    try:
        rate = _RATE.validate_python(as_typed(typed))
    except ValidationError as error:
        return Supposed(answers, typed, problem=message_of(error.errors()[0]))
    return Supposed(answers, typed, _answer(found, if_rate_were(wanted, rate, present, find, near)))


def _answer(found: MatchRequest, answer: WhatIf) -> Answer:
    change = answer.change
    return Answer(answer, {"again": found.id, "change": change.what, "from": change.before, "to": change.after or ""})


def why_not_of(found: MatchRequest, who: UUID) -> WhyNot | None:
    """Why that assistant isn't among the proposed; None where there is no such assistant."""
    candidate = candidate_of(who)
    if candidate is None:
        return None
    wanted = wanted_of(found)
    return why_not(wanted, candidate, kinship_of(wanted), _last_of(found))


def _last_of(found: MatchRequest) -> Proposed | None:
    """The last of the proposed, where as many were as were asked for."""
    if len(found.matches) < found.most:
        return None
    last = found.matches[-1]
    return Proposed(last.assistant_id, last.assistant.name, last.score, last.assistant.rating, last.explanation)
