"""The pages of a kind's steps: a record's state and next steps, a button for each step that can be taken, and the page
or form that it leads to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request
from flask_login import current_user

from app.core import steps as core
from app.core.sides import Side
from app.core.steps import State, Step, Steps
from app.identity.policy import can, is_staff, require, side_of
from app.web.forms import SchemaForm, form_class
from app.web.guards import Audience, permission
from app.web.refusals import saying_no, told_at

LAYOUTS: Mapping[Side, str] = {
    "staff": "layouts/admin.html",
    "company": "layouts/client.html",
    "expert": "layouts/client.html",
}
WHO: Mapping[Side, str] = {"staff": "DIG|LIT", "company": "the company", "expert": "the expert"}


def init_app(app: Flask) -> None:
    app.add_template_global(core.colour_of, "colour_of_state")
    app.add_template_global(core.state_of, "state_of")


def listed(names: Sequence[str]) -> str:
    """“you, DIG|LIT or the expert”."""
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


@dataclass(frozen=True)
class Offer:
    """A step as the page of a record shows it: whether the reader may take it, and what stands in the way."""

    step: Step
    record: Any
    url: str
    may: bool
    follows: bool
    """Whether the state allows it; something else may stand in the way."""
    obstacle: str
    has_page: bool
    who: str

    def ask(self, text: str) -> str:
        return text.format(record=self.record)

    @property
    def is_open(self) -> bool:
        return self.may and not self.obstacle


@dataclass(frozen=True)
class Progress:
    """A record's state among all states, and the steps."""

    states: tuple[State, ...]
    now: State
    offers: list[Offer]

    @property
    def open(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.is_open]

    @property
    def blocked(self) -> list[Offer]:
        """The steps that the state allows the reader, but something else doesn't."""
        labels = {offer.step.label for offer in self.open}
        return [one for one in self.offers if one.may and one.follows and one.obstacle and one.step.label not in labels]

    def __contains__(self, verb: str) -> bool:
        return any(offer.step.verb == verb for offer in self.offers)


@dataclass(frozen=True, kw_only=True)
class StepPages:
    """The pages by which a side, or the sides that share them, take the steps of a kind.

    `find` takes the variables of `rule` and returns the record; `find_locked` also takes the locks that its operations
    expect. The verbs are below `address`, which is the record's page too, unless `page` is given. `after` is where a
    step leads that was taken, `back` where one that was refused; `said` makes the message from the record, the step and
    what its operation returned. `template` is the page of a form, with more variables from `context`; `show` renders it
    instead. Without `has_pages` the record's page has the form, and only a wrong one has a page. `first` has functions
    for the first values of fields. The caller serves the pages of the verbs in `without`. `audience` replaces the
    steps' permissions; `prefix` begins the names of the endpoints, where a blueprint has the steps of two kinds.
    """

    steps: Steps
    sides: tuple[Side, ...]
    rule: str
    find: Callable[..., Any]
    find_locked: Callable[..., Any] | None = None
    address: Callable[[Any], str]
    page: Callable[[Any], str] | None = None
    after: Callable[[Any, Step], str] | None = None
    back: Callable[[Any, Step], str] | None = None
    said: Callable[[Any, Step, Any], Any] | None = None
    first: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    show: Callable[[Any, Step, Any, int], Any] | None = None
    context: Callable[[Any], Mapping[str, Any]] | None = None
    template: str = "steps/step.html"
    has_pages: bool = True
    prefix: str = ""
    audience: Audience | None = None
    without: Collection[str] = field(default=())

    def progress(self, record: Any, person: Any) -> Progress:
        """The record's state, and which steps there are, for the person and for others."""
        offers = [self._offer(record, step, person) for step in self.steps.steps]
        return Progress(self.steps.states, self.steps.state(record), offers)

    def _offer(self, record: Any, step: Step, person: Any) -> Offer:
        needed = self._needed(step)
        may = needed is not None and can(person, needed) and side_of(person) in step.by
        words: Mapping[Side, str] = {**WHO, "staff": "an administrator"} if is_staff(person) else WHO
        others = [words[side] for side in step.by if not (may and side in self.sides)]
        error = self.steps.obstacle(record, step.verb)
        return Offer(
            step,
            record,
            f"{self.address(record)}/{step.verb}",
            may,
            self.steps.state(record).name in step.from_,
            error.message if error else "",
            (self.has_pages and step.form is not None) or step.verb in self.without,
            listed([*(["you"] if may else []), *others]),
        )

    def add_to(self, bp: Blueprint) -> None:
        self.steps.require_operations()
        for step in self.steps.steps:
            if self._needed(step) is not None and step.verb not in self.without:
                methods = ("GET", "POST") if self.has_pages and step.form is not None else ("POST",)
                name = self.prefix + step.verb.replace("-", "_")
                bp.add_url_rule(f"{self.rule}/{step.verb}", name, self._view(step), methods=methods)

    def _needed(self, step: Step) -> str | None:
        """The permission that the step needs on these pages; None where it is for others."""
        return next((step.by[side] for side in self.sides if side in step.by), None)

    def _view(self, step: Step) -> Callable[..., Any]:
        def view(**path: Any) -> Any:
            sending = request.method == "POST"
            record = (self.find_locked or self.find)(**path) if sending else self.find(**path)
            require(side_of(current_user) in step.by, "This step is not yours to take.")
            form = self._form(record, step)
            if not sending and form is not None:
                return self._ask(record, step, form)
            return self._take(record, step, form, lambda: self.find(**path))

        needed = self._needed(step)
        assert needed is not None
        view.audience = self.audience or permission(needed, of_staff=self.sides == ("staff",))  # type: ignore[attr-defined]
        return view

    def _take(self, record: Any, step: Step, form: SchemaForm | None, again: Callable[[], Any]) -> Any:
        values = form.new_values() if form is not None else None
        if form is not None and values is None:
            return self._ask(record, step, form, 422)
        with saying_no(form, lambda status: self._show(again(), step, form, status), at=self._back(record, step)):
            made = self.steps.take(record, step.verb, values, actor=current_user)
            said = self.said(record, step, made) if self.said else self.steps.told(step, record)
            there = self.after(record, step) if self.after else self._page(record)
        flash(said, "success")
        return redirect(there, 303)

    def _ask(self, record: Any, step: Step, form: SchemaForm, status: int = 200) -> Any:
        """Show the form, unless the step can't be taken whatever is in it."""
        error = self.steps.obstacle(record, step.verb)
        return self._show(record, step, form, status) if error is None else told_at(self._back(record, step), error)

    def _form(self, record: Any, step: Step) -> SchemaForm | None:
        if step.form is None:
            return None
        form = form_class(step.form)(data={name: value() for name, value in self.first.items()})
        form.currency = getattr(record, "currency", None)
        return form

    def _page(self, record: Any) -> str:
        return self.page(record) if self.page else self.address(record)

    def _back(self, record: Any, step: Step) -> str:
        return self.back(record, step) if self.back else self._page(record)

    def _show(self, record: Any, step: Step, form: SchemaForm | None, status: int = 200) -> Any:
        if self.show is not None:
            return self.show(record, step, form, status)
        page = render_template(
            self.template,
            layout=LAYOUTS[self.sides[0]],
            record=record,
            step=step,
            form=form,
            here=self._page(record),
            action=f"{self.address(record)}/{step.verb}",
            **(self.context(record) if self.context else {}),
        )
        return page, status
