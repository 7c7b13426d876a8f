"""The page of one match, from each side, and its steps."""

from functools import partial
from typing import Any

from flask import render_template, request
from flask_login import current_user

from app.assistants.calendars.date_queries import today_of_account
from app.assistants.engagements import operations  # noqa: F401 - the operations of the steps
from app.assistants.engagements.charts import parts_of, weeks_of_match
from app.assistants.engagements.kinds import matches, requests
from app.assistants.engagements.list_views import company_names
from app.assistants.engagements.queries import get_match
from app.assistants.engagements.steps import MATCH
from app.assistants.models import Match
from app.assistants.profiles.queries import CalendarPage, calendar_page
from app.core.ids import as_uuid
from app.core.sides import COMPANY, EXPERT, Side
from app.core.steps import Step
from app.web.guards import Audience
from app.web.steps import StepPages


def show(side: Side, ref: str) -> str:
    return render_template("matches/show.html", **shown(side, find(side, ref)))


def find(side: Side, ref: str) -> Match:
    return get_match(as_uuid(ref), current_user, as_assistant=side == EXPERT)


def shown(side: Side, match: Match) -> dict[str, Any]:
    """What the page of a match shows that side."""
    return {
        "match": match,
        "company": company_names([match]).get(match.client_id, ""),
        "parts": parts_of(match.explanation),
        "progress": steps_for(side).progress(match, current_user),
        "weeks": weeks_of_match(match) if match.status == "accepted" or _is_ending(match) else [],
        "calendar": _whole_calendar(side, match),
        "today": today_of_account(current_user.id),
    }


def steps_for(side: Side, audience: Audience | None = None) -> StepPages:
    """The steps of matches as that side has them. A decision on a proposal leads back to its request."""

    def after(match: Match, step: Step) -> str:
        leads_back = step.verb in ("decline", "withdraw") and side != EXPERT
        return requests.url(match.request_id, side) if leads_back else matches.url(match, side)

    def back(match: Match, step: Step) -> str:
        return requests.url(match.request_id, side) if step.verb == "accept" else matches.url(match, side)

    def context(match: Match) -> dict[str, Any]:
        return {"company": company_names([match]).get(match.client_id, "")}

    return StepPages(
        steps=MATCH,
        sides=(side,),
        rule="/<ref>",
        find=partial(find, side),
        address=lambda match: matches.url(match, side),
        after=after,
        back=back,
        first={"on": lambda: today_of_account(current_user.id)},
        template="matches/step.html",
        context=context,
        audience=audience,
    )


def _whole_calendar(side: Side, match: Match) -> CalendarPage | None:
    """All that the assistant's weeks hold, for the assistant and for staff, while something is still to come."""
    if side == COMPANY or match.status not in ("proposed", "accepted"):
        return None
    return calendar_page(match.assistant_id, request.args.get("from", ""))


def _is_ending(match: Match) -> bool:
    return match.status == "ended" and match.ended_on is not None and match.ended_on > today_of_account(current_user.id)
