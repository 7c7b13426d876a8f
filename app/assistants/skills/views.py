"""The staff pages of skills, and of the terms that wait for a decision."""

from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.assistants.models import Skill
from app.assistants.skills import queries, waiting
from app.assistants.skills.kinds import skills
from app.assistants.skills.schemas import ApprovalInput, OtherNameInput
from app.assistants.skills.steps import SKILL
from app.core.records import get_record
from app.core.steps import Step
from app.crud import Presentation, pages
from app.crud.drawing import complete
from app.crud.facts import facts_of
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.steps import StepPages


def _shown(skill: Skill) -> dict[str, Any]:
    return {
        "groups": facts_of(skills, skill, current_user),
        "near": queries.near_to(skill),
        "holders": queries.count_holders(skill.id),
    }


bp = pages(skills, presentation=Presentation(show="skills/show.html", context=_shown))


@bp.get("/waiting")
@allow("skills:read")
def new_terms() -> str:
    q = request.args.get("q", "").replace("\0", "")[:60]
    return render_template("skills/waiting.html", terms=waiting.list_waiting(q), count=waiting.count_waiting(), q=q)


@bp.get("/<ref>/decide")
@allow("skills:write")
def decide(ref: str) -> Any:
    skill: Skill = get_record(skills, ref)
    if (error := SKILL.obstacle(skill, "approve")) is not None:
        flash(error.message, "info")
        return redirect(skills.url(skill), 303)
    return _page(skill)


def _page(skill: Skill, step: Step | None = None, sent: SchemaForm | None = None, status: int = 200) -> Any:
    """The page that asks what the term is. The form that was sent stands in the place of its blank one."""
    forms = {
        "approve": form_class(ApprovalInput)(formdata=None, data={"name": skill.name}),
        "same-as": form_class(OtherNameInput)(formdata=None),
    }
    if step is not None and sent is not None:
        forms[step.verb] = sent
    page = render_template(
        "skills/decide.html",
        record=skill,
        approval=complete(forms["approve"]),
        other=complete(forms["same-as"]),
        nearest=waiting.nearest_to([skill.id]).get(skill.id, ()),
        holders=queries.count_holders(skill.id),
    )
    return page, status


def _said(skill: Skill, step: Step, made: Any) -> Any:
    match step.verb:
        case "approve":
            address = f"{skills.url(skill)}/edit"
            return {"text": SKILL.told(step, skill), "url": address, "label": "Say more of it"}
        case "same-as":
            return f"“{skill.name}” means “{made.name}” from now on."
    taken = f" It is taken off {made:,} {'profile' if made == 1 else 'profiles'}." if made else ""
    return f"“{skill.name}” is no skill.{taken}"


StepPages(
    steps=SKILL,
    sides=("staff",),
    rule="/<ref>",
    find=partial(get_record, skills),
    find_locked=partial(get_record, skills, for_update=True),
    address=skills.url,
    page=lambda _: url_for(".new_terms"),
    said=_said,
    show=_page,
    has_pages=False,
).add_to(bp)
