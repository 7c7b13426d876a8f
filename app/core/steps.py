"""The states of a kind of record, and the steps between them, declared once.

    MATCH = Steps(
        table="matches",
        noun="match",
        by={"staff": "matches:write", "company": "matches:write"},
        states=(State("proposed", "warning"), State("accepted", "success"), …),
        steps=(Step("accept", ("proposed",), "accepted", icon="check"), …),
    )

    @MATCH.does("accept")
    def accept_match(match: Match, note: str = "", *, actor: Actor) -> Match:
        match = MATCH.locked(match, "accept", actor=actor)
        …

From the declaration come the check in the database and in the model (`check`), the type of schemas (`literal`), filters
of lists (`state_filter`), the badge's words and colour, the words of the history, the refusal, and the buttons, forms,
pages and API paths (`app/web/steps.py`, `app/api/steps.py`). A `steps.py` imports nothing of its domain, so models,
schemas and operations can all import it. A declared state changes by steps alone: no undo by rows and no bulk change
writes that column (`steps_of`).
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from inspect import Parameter, signature
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import CheckConstraint, Select, SQLColumnExpression, select

from app.core.audit import Actor, audit_as
from app.core.db import one_of
from app.core.errors import Conflict, DomainError
from app.core.lists import Filter
from app.core.names import with_article
from app.core.schemas import Input
from app.core.sides import Side
from app.core.suggestions import offer
from app.extensions import db

By = Mapping[Side, str]
"""Which permission each side needs."""
Colour = Literal["quiet", "info", "success", "warning", "danger"]


class Stateful(Protocol):
    """A record with an id, whose state a column holds."""

    @property
    def id(self) -> Any: ...


R = TypeVar("R", bound=Stateful)
Operation = TypeVar("Operation", bound=Callable[..., Any])
Obstacle = Callable[[Any], DomainError | None]
"""Why a step can't be taken although the state allows it: the error to raise, or None."""
Refusal = Callable[[Any], DomainError]


class WrongStep(Conflict):
    """The step can't be taken from the state that the record is in."""


class StepOfArchived(Conflict):
    """What is archived takes no steps."""

    code = "archived"


@dataclass(frozen=True)
class State:
    """A state, by the name that is stored and answered. `badge` is what pages show, `words` what sentences say."""

    name: str
    colour: Colour = "quiet"
    badge: str = ""
    words: str = ""

    @property
    def shown(self) -> str:
        return self.badge or self.name.replace("_", " ").capitalize()

    @property
    def in_words(self) -> str:
        return self.words or self.name.replace("_", " ")


@dataclass(frozen=True)
class Confirm:
    """The question before a step is taken. The texts may contain `{record}` and its attributes."""

    title: str
    text: str = ""
    label: str = ""


@dataclass(frozen=True)
class Step:
    """A step from one of the states in `from_` to the state `to`, which is None if the state stays or the record goes.

    `verb` ends its addresses, `label` is its button (by default the verb), `past` its participle (“accepted”; by
    default the words of `to`). `by` has the permission that each side needs; a side that isn't in it may not take it.
    `action` is what the audit calls it. `did` is the verb before a record's name (“paused”), `done` the predicate in
    the record's own history (“put it on hold”), `said` the message to whoever took it. Those four, and `by`, default to
    the ones of `Steps`. `form` is what a page asks, under `title` and `help`. `body` is what the API takes, if that
    differs; `about` is its documentation, with the summary as the first line.
    """

    verb: str
    from_: tuple[str, ...]
    to: str | None = None
    _: KW_ONLY
    by: By = field(default_factory=dict)
    label: str = ""
    past: str = ""
    action: str = ""
    did: str = ""
    done: str = ""
    said: str = ""
    form: type[Input] | None = None
    body: type[Input] | None = None
    title: str = ""
    help: str = ""
    about: str = ""
    icon: str | None = None
    style: Literal["primary", "plain", "danger"] = "plain"
    confirm: Confirm | None = None

    @property
    def target(self) -> str:
        """The state that it leads to, for a step that has one."""
        assert self.to is not None
        return self.to


@dataclass(eq=False, kw_only=True)
class Steps:
    """The state machine of a table. A refusal names the record by its `noun`, or by the attribute `label`.

    `by`, `action`, `did`, `done` and `said` are the defaults of the steps. The texts may contain `{verb}`, `{past}`,
    `{to}` and, in `said`, `{record}` and the words of its `{state}`.
    """

    table: str
    noun: str
    states: tuple[State, ...]
    steps: tuple[Step, ...] = ()
    column: str = "status"
    label: str = ""
    by: By = field(default_factory=dict)
    action: str = "{verb}"
    did: str = "{past}"
    done: str = ""
    said: str = ""
    _operations: dict[str, Callable[..., Any]] = field(default_factory=dict, init=False)
    _obstacles: dict[str, Obstacle] = field(default_factory=dict, init=False)
    _refusals: dict[str, Refusal] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        known = set(self.names)
        for step in self.steps:
            if unknown := {*step.from_, *([step.to] if step.to else [])} - known:
                raise ValueError(f"{self.table}: the step {step.verb} names no state {sorted(unknown)}")
        for state in self.states:
            if _COLOURS.setdefault(state.name, state.colour) != state.colour:
                raise ValueError(f"{self.table}: {state.name} has another colour elsewhere")
        self.steps = tuple(self._whole(step) for step in self.steps)
        _DECLARED[self.table, self.column] = self

    def _whole(self, step: Step) -> Step:
        """The step with its defaults filled in."""
        past = step.past or (self.named(step.to).in_words if step.to else step.verb)
        names = {"verb": step.verb, "past": past, "to": step.to}
        did = step.did or self.did.format(**names)
        return replace(
            step,
            past=past,
            label=step.label or step.verb.capitalize(),
            by=step.by or self.by,
            action=step.action or self.action.format(**names),
            did=did,
            done=step.done or (self.done or did + " it").format(**names),
            said=step.said or self.said,
        )

    # The declaration

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(state.name for state in self.states)

    @property
    def literal(self) -> Any:
        """The type of a schema's field that holds one of the states."""
        return Literal[self.names]

    @property
    def final(self) -> frozenset[str]:
        """The states that no step leads out of."""
        return frozenset(self.names) - {name for step in self.steps for name in step.from_ if step.to != name}

    def check(self) -> CheckConstraint:
        """The constraint for the model, so that the database refuses any other state."""
        return one_of(self.column, self.names)

    def told(self, step: Step, record: Any) -> str:
        """The message to whoever has taken the step."""
        return step.said.format(record=record, state=self.state(record).in_words)

    def state(self, record: Any) -> State:
        return self.named(getattr(record, self.column))

    def named(self, name: str) -> State:
        return next(state for state in self.states if state.name == name)

    def taken_by(self, operation: Callable[..., Any] | None) -> list[str]:
        """The verbs of the steps whose operation that is."""
        return [verb for verb, taking in self._operations.items() if taking is operation]

    def __getitem__(self, verb: str) -> Step:
        return next(step for step in self.steps if step.verb == verb)

    def __contains__(self, verb: str) -> bool:
        return any(step.verb == verb for step in self.steps)

    def require_operations(self) -> None:
        """Raise LookupError unless every step has its operation, which also says what the step asks."""
        if missing := [step.verb for step in self.steps if step.verb not in self._operations]:
            raise LookupError(f"{self.table}: no operation is declared for {', '.join(missing)}")

    # Taking steps

    def does(
        self,
        *verbs: str,
        form: type[Input] | None = None,
        body: type[Input] | None = None,
        unless: Obstacle | None = None,
        instead: Refusal | None = None,
    ) -> Callable[[Operation], Operation]:
        """Make a function the operation of these steps. It takes the record, and by name `actor`, the form's fields,
        and `step` if it needs to know which one it is. `unless` finds what else stands in the way; `instead` makes
        another error than WrongStep where the state doesn't allow the step."""

        def declare(function: Operation) -> Operation:
            for verb in verbs:
                asked = replace(self[verb], form=form, body=body or form)
                self.steps = tuple(asked if step.verb == verb else step for step in self.steps)
                self._operations[verb] = function
                if unless is not None:
                    self._obstacles[verb] = unless
                if instead is not None:
                    self._refusals[verb] = instead
            return function

        return declare

    def take(self, record: R, verb: str, values: BaseModel | None = None, *, actor: Actor, **more: Any) -> Any:
        """Take a step: call its operation with the values that it has parameters for."""
        operation = self._operations[verb]
        taken = {name: getattr(values, name) for name in type(values).model_fields} if values is not None else {}
        wanted = _parameters(operation)
        given = {name: value for name, value in {"step": self[verb], **taken, **more}.items() if name in wanted}
        return operation(record, **given, actor=actor)

    def locked(self, record: R, verb: str, *, actor: Actor) -> R:
        """Lock the record's row, read it again, and `begin` the step."""
        fresh = lock(record)
        self.begin(fresh, verb, actor=actor)
        return fresh

    def begin(self, record: Any, verb: str, *, actor: Actor) -> None:
        """Refuse a step that can't be taken; otherwise attribute the changes that follow to the actor and this step.
        Callers hold the lock on the record's row."""
        self.require(record, verb)
        audit_as(db.session, actor=actor, action=self[verb].action)

    def require(self, record: Any, verb: str) -> None:
        """Refuse a step that can't be taken now. Callers hold the lock on the record's row."""
        if (error := self.obstacle(record, verb)) is not None:
            raise error

    def require_state(self, record: Any, verb: str) -> None:
        """Refuse a step that the record's state doesn't allow, whatever else may stand in its way."""
        if (error := self._out_of_order(record, self[verb])) is not None:
            raise error

    def obstacle(self, record: Any, verb: str) -> DomainError | None:
        """Why the step can't be taken now, whoever asks; None if it can."""
        unless = self._obstacles.get(verb)
        refused = self._out_of_order(record, self[verb]) or (unless(record) if unless is not None else None)
        if refused is None and getattr(record, "is_archived", False):
            return StepOfArchived(f"This {self.noun} is archived. Restore it first.")
        return refused

    def _out_of_order(self, record: Any, step: Step) -> DomainError | None:
        now = self.state(record)
        if now.name in step.from_:
            return None
        instead = self._refusals.get(step.verb)
        return instead(record) if instead else self._refusal(record, step.past, is_there=now.name == step.to)

    def _refusal(self, record: Any, past: str, *, is_there: bool) -> WrongStep:
        now = self.state(record).in_words
        name = f"“{getattr(record, self.label)}”" if self.label else ""
        if is_there:
            return WrongStep(f"{name or 'This ' + self.noun} is {now} already.")
        if name:
            return WrongStep(f"{name} is {now}, and can’t be {past}.")
        return WrongStep(f"{with_article(self.noun, 'A')} that is {now} can’t be {past}.")

    def towards(self, record: Any, name: str) -> Step:
        """The step from the record's state to that one. Refused where there is none."""
        ways = [step for step in self.steps if step.to == name]
        now = self.state(record)
        for step in ways:
            if now.name in step.from_:
                return step
        past = ways[0].past if ways else f"made {self.named(name).in_words} again"
        raise self._refusal(record, past, is_there=now.name == name)


_DECLARED: dict[tuple[str, str], Steps] = {}
_COLOURS: dict[str, Colour] = {}
"""The same state looks the same everywhere."""


def declared() -> Sequence[Steps]:
    """All state machines, in the order of their tables."""
    return [_DECLARED[key] for key in sorted(_DECLARED)]


def steps_of(table: str, column: str = "status") -> Steps | None:
    """The steps that alone change this column of the table; None where it has none."""
    return _DECLARED.get((table, column))


def refuse_states(table: str, columns: Collection[str]) -> None:
    """For code that writes any columns: states change by steps alone, each with its own rules."""
    if states := [name for name in columns if steps_of(table, name) is not None]:
        raise TypeError(f"{table}: {states[0]} is changed by steps alone")


def state_of(record: Any, column: str = "status") -> State:
    """The declared state that the record is in."""
    return _DECLARED[type(record).__tablename__, column].state(record)


def colour_of(state: str) -> Colour | None:
    return _COLOURS.get(state)


def lock(record: R) -> R:
    """The record, read again, with its row locked until the transaction ends. Rows that refer to it may still be added:
    its key doesn't change."""
    model: Any = type(record)
    query = select(model).where(model.id == record.id).with_for_update(of=model, key_share=True)
    fresh: R = db.session.scalars(query.execution_options(populate_existing=True)).one()
    return fresh


def lock_all(model: Any, ids: Collection[UUID] | Select[Any]) -> Sequence[Any]:
    """The same for many, in the order of their ids, so that two transactions can't deadlock."""
    query = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update(of=model)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def state_filter(steps: Steps, column: SQLColumnExpression[Any], label: str = "State") -> Filter:
    """A list's filter by state, with the suggestions of its control."""
    suggestions = f"{steps.table.replace('_', '-')}-{steps.column}"
    offer(suggestions, lambda prefix, limit: [name for name in steps.names if name.startswith(prefix)][:limit])
    return Filter(steps.column, label, steps.literal, lambda value: column == value, "choice", suggestions)


def history_words() -> Iterator[tuple[str, str, str]]:
    """For each step: its action in the audit, its verb before a record's name, its words in the record's history."""
    for steps in declared():
        for step in steps.steps:
            yield step.action, step.did, step.done


def _parameters(operation: Callable[..., Any]) -> set[str]:
    return {name for name, each in signature(operation).parameters.items() if each.kind is not Parameter.VAR_KEYWORD}
