"""The pages of a request: asking, who fits and why, what if, why not."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import select

from app.assistants.engagements import operations  # noqa: F401 - it has the operation that closes a request
from app.assistants.engagements.charts import PartBar, parts_of
from app.assistants.engagements.kinds import matches, requests
from app.assistants.engagements.queries import get_request
from app.assistants.engagements.views import steps_for as match_steps
from app.assistants.models import Assistant, Match, MatchRequest
from app.assistants.requests import forms as asking
from app.assistants.requests.operations import request_match
from app.assistants.requests.steps import REQUEST
from app.assistants.requests.what_if import Supposed, suppose, why_not_of
from app.assistants.skills.nearest import not_understood
from app.core.ids import as_uuid
from app.core.names import by_name
from app.core.ranking import has_in_name
from app.core.sides import STAFF, Side
from app.core.suggestions import suggest
from app.crud.drawing import complete
from app.extensions import db
from app.identity.companies import company_for
from app.identity.policy import can, is_staff
from app.web import htmx
from app.web.filters import readers_zone
from app.web.forms import SchemaForm, form_class
from app.web.guards import Audience
from app.web.once import makes_one
from app.web.refusals import saying_no
from app.web.steps import Progress, StepPages

BLANK_SKILLS, FEWEST_SKILLS = 2, 4
MOST_FOUND = 8
LONGEST_NAME = 120
LONGEST_RATE = 20


@dataclass(frozen=True)
class Proposal:
    """A match as the page of its request shows it."""

    match: Match
    parts: list[PartBar]
    progress: Progress


@makes_one
def new(side: Side) -> Any:
    """The form; a good one leads to the people who fit. `again` names a request to begin with, and may change it."""
    if side != STAFF and is_staff(current_user):
        return redirect(f"{matches.base()}/new", 303)
    schema = asking.RequestFormOfStaff if side == STAFF else asking.RequestForm
    form = form_class(schema)(data=_first_values(side))
    if not form.is_submitted():
        return _form_page(side, form)
    if form.act(command := request.form.get("_do", "")):
        return _form_page(side, form, command=command)
    values = asking.read_request(form)
    if values is None:
        return _form_page(side, form, 422)
    with saying_no(form, lambda status: _form_page(side, form, status)):
        client_id = company_for(current_user, values.client_id)
        made = request_match(values.model_dump(), client_id=client_id, actor=current_user)
    if not made.proposals:
        flash("Nobody fits this request as it is. See below what would change that.", "warning")
    return redirect(requests.url(made.id, side), 303)


def find(ref: str) -> MatchRequest:
    return get_request(as_uuid(ref), current_user)


def shown(side: Side, found: MatchRequest) -> dict[str, Any]:
    """Who was proposed, and why; with `what-if` and `who` also what a change would bring, and why not somebody."""
    steps = match_steps(side)
    proposals = [Proposal(one, parts_of(one.explanation), steps.progress(one, current_user)) for one in found.matches]
    name = request.args.get("name", "").replace("\0", "").strip()[:LONGEST_NAME]
    who = request.args.get("who", type=UUID)
    return {
        "found": found,
        "proposals": proposals,
        "progress": steps_for(side).progress(found, current_user),
        "compared": [proposal for proposal in proposals if proposal.match.status not in ("declined", "withdrawn")],
        "may_write": can(current_user, "matches:write"),
        "unknown": not_understood(found.skills),
        "supposed": _supposed(found) if "what-if" in request.args and found.status == "open" else None,
        "name": name,
        "others": _named(name, found) if name else [],
        "asked_about": db.session.get(Assistant, who) if who else None,
        "why": why_not_of(found, who) if who else None,
    }


def show_what_if(side: Side, ref: str) -> Any:
    """What changes would bring, alone: the page asks for it once it stands, as it takes longer than the rest."""
    found = find(ref)
    if not htmx.wants_fragment():
        return redirect(f"{requests.url(found, side)}?what-if=1#what-if", 303)
    return render_template("matches/_what_if.html", found=found, supposed=_supposed(found))


def steps_for(side: Side, audience: Audience | None = None) -> StepPages:
    return StepPages(
        steps=REQUEST,
        sides=(side,),
        rule="/<ref>",
        find=find,
        address=lambda found: requests.url(found, side),
        audience=audience,
    )


def _first_values(side: Side) -> dict[str, Any]:
    again = request.args.get("again", type=UUID)
    if again is None:
        zone = readers_zone()[0]
        company = request.args.get("client_id", type=UUID) if side == STAFF else None
        return {"timezone": zone.key if zone else None, "client_id": company}
    values = asking.values_of(get_request(again, current_user))
    what, after = request.args.get("change", ""), request.args.get("to") or None
    return asking.changed_by(values, what, after, request.args.get("from", ""))


def _form_page(side: Side, form: SchemaForm, status: int = 200, *, command: str = "") -> Any:
    complete(form)
    field = form.fields.get(command.partition(":")[0])
    typed = [line for line in str(form.fields["skills"].data).split("\n") if line.strip()]
    return htmx.page_or_fragment(
        "matches/new.html",
        "records/_field.html" if field is not None else "matches/_new_form.html",
        status,
        form=form,
        field=field,
        here=f"{matches.base(side)}/new",
        record=None,
        skills=[*typed, *[""] * max(FEWEST_SKILLS - len(typed), BLANK_SKILLS)],
        offered=suggest(db.session, "skills", limit=500),
    )


def _supposed(found: MatchRequest) -> Supposed:
    return suppose(found, request.args.get("rate", "").replace("\0", "")[:LONGEST_RATE])


def _named(name: str, found: MatchRequest) -> list[Assistant]:
    """Assistants of that name who aren't among the proposed."""
    proposed = [match.assistant_id for match in found.matches]
    of_that_name = has_in_name(db.session, Assistant.name, name)
    query = select(Assistant).where(of_that_name, Assistant.archived_at.is_(None), Assistant.id.not_in(proposed))
    return list(db.session.scalars(query.order_by(by_name(Assistant.name), Assistant.id).limit(MOST_FOUND)))
