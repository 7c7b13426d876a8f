"""The page of one match, from each side, and its steps."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from app.assistants.calendars.local_dates import today_of_account
from app.assistants.engagements import operations as engagements
from app.assistants.engagements.audiences import ASSISTANT, COMPANY, STAFF, Side, open_acts
from app.assistants.engagements.charts import parts_of, weeks_of_match
from app.assistants.engagements.list_views import company_names
from app.assistants.engagements.queries import get_match
from app.assistants.engagements.schemas import CompleteForm, DeclineForm, EndForm, ReviewInput
from app.assistants.models import Match
from app.assistants.profiles.queries import CalendarPage, calendar_page
from app.core.database_errors import explain
from app.core.errors import Conflict, DomainError
from app.core.schemas import Input
from app.extensions import db
from app.identity.policy import is_staff
from app.web.filters import day
from app.web.forms import SchemaForm, form_class
from app.web.refusals import told_at

FORMS: dict[str, type[Input]] = {
    "decline": DeclineForm,
    "complete": CompleteForm,
    "end": EndForm,
    "review": ReviewInput,
}


def show(side: Side, match_id: UUID) -> Any:
    match = _match(side, match_id)
    if side is COMPANY and is_staff(current_user):
        return redirect(STAFF.match_url(match), 303)
    return render_template(
        "matches/show.html",
        side=side,
        match=match,
        company=company_names([match]).get(match.client_id, ""),
        parts=parts_of(match.explanation),
        acts=open_acts(side, match, current_user),
        weeks=weeks_of_match(match) if match.status == "accepted" or _is_ending(match) else [],
        calendar=_whole_calendar(side, match),
        today=today_of_account(current_user.id),
    )


def accept(side: Side, match_id: UUID) -> Any:
    match = _match(side, match_id)
    back = side.request_url(match.request_id)
    return _done(
        lambda: engagements.accept_match(match, actor=current_user),
        f"{match.assistant.name} is taken on. The hours are reserved.",
        side.match_url(match),
        back,
    )


def withdraw(side: Side, match_id: UUID) -> Any:
    match = _match(side, match_id)
    return _done(
        lambda: engagements.withdraw_match(match, actor=current_user),
        f"{match.assistant.name} is no longer proposed.",
        side.request_url(match.request_id),
        side.match_url(match),
    )


def step(side: Side, match_id: UUID, act: str) -> Any:
    """The page on which a step is said more about (a reason, a day, stars), and taken."""
    match = _match(side, match_id)
    form = form_class(FORMS[act])(data=_first_values(act))
    if not form.is_submitted():
        if act not in open_acts(side, match, current_user):
            return _too_late(side, match)
        return _step_page(side, match, act, form)
    values = form.new_values()
    if values is None:
        return _step_page(side, match, act, form, 422)
    try:
        said = _take(match, act, values)
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        return _refused(side, match_id, act, form, error)
    flash(said, "success")
    return redirect(side.request_url(match.request_id) if _leads_back(side, act) else side.match_url(match), 303)


def _take(match: Match, act: str, values: Any) -> str:
    """Take the step, and say what was done."""
    name = match.assistant.name
    match act:
        case "decline":
            engagements.decline_match(match, values.note, actor=current_user)
            return "The proposal is declined."
        case "complete":
            engagements.complete_match(match, values.on, note=values.note, actor=current_user)
            return "The engagement is completed."
        case "end":
            ended = engagements.end_match(match, values.on, values.note, actor=current_user)
            return f"The engagement ends. The hours are free from {day(ended.ended_on)}."
        case _:
            engagements.review_match(match, values.stars, values.comment, actor=current_user)
            return f"Thank you. {name} will read your review."


def _match(side: Side, match_id: UUID) -> Match:
    return get_match(match_id, current_user, as_assistant=side is ASSISTANT)


def _whole_calendar(side: Side, match: Match) -> CalendarPage | None:
    """All that the assistant's weeks hold, for the assistant and for staff, while something is still to come."""
    if side is COMPANY or match.status not in ("proposed", "accepted"):
        return None
    return calendar_page(match.assistant_id, request.args.get("from", ""))


def _is_ending(match: Match) -> bool:
    return match.status == "ended" and match.ended_on is not None and match.ended_on > today_of_account(current_user.id)


def _leads_back(side: Side, act: str) -> bool:
    return act == "decline" and side.has_requests


def _first_values(act: str) -> dict[str, Any]:
    return {"on": today_of_account(current_user.id)} if act in ("complete", "end") else {}


def _done(act: Callable[[], Any], said: str, there: str, back: str) -> Any:
    try:
        act()
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        db.session.rollback()
        reason = error if isinstance(error, DomainError) else explain(error)
        if reason is None:
            raise
        return told_at(back, reason)
    flash(said, "success")
    return redirect(there, 303)


def _too_late(side: Side, match: Match) -> Any:
    """The page of a step that doesn't follow any more: say so where the match is."""
    return told_at(side.match_url(match), Conflict("This can’t be done with the match as it is now."))


def _refused(side: Side, match_id: UUID, act: str, form: SchemaForm, error: Exception) -> Any:
    db.session.rollback()
    reason = error if isinstance(error, DomainError) else explain(error)
    if reason is None or reason.status in (403, 404):
        raise error
    match = _match(side, match_id)
    if not reason.errors:
        return told_at(side.match_url(match), reason)
    form.refuse_because(reason)
    return _step_page(side, match, act, form, 422)


def _step_page(side: Side, match: Match, act: str, form: SchemaForm, status: int = 200) -> Any:
    company = company_names([match]).get(match.client_id, "")
    page = render_template("matches/step.html", side=side, match=match, act=act, form=form, company=company)
    return page, status
