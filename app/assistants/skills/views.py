"""The staff pages of skills, and of the terms that wait for a decision."""

from typing import Any

from flask import Flask, flash, redirect, render_template, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from app.assistants.models import Skill
from app.assistants.skills import queries, waiting
from app.assistants.skills.errors import NotWaiting
from app.assistants.skills.resources import skills
from app.assistants.skills.schemas import ApprovalInput, OtherNameInput
from app.core.errors import DomainError
from app.core.records import get_record
from app.crud import pages
from app.crud.drawing import complete
from app.crud.facts import facts_of
from app.crud.record import render_record
from app.extensions import db
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow, staff
from app.web.navigation import Entry, declare
from app.web.refusals import told_at, told_in

LIST = "/admin/skills/waiting"

bp = pages(skills, without=("show",))

declare(Entry("New terms", "skills.new_terms", "tag", "Matching", "skills:read", words="unknown skills waiting decide"))


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/<ref>")
@staff
def show(ref: str) -> str:
    skill: Skill = get_record(skills, ref)
    return render_record(
        "skills/show.html",
        skills,
        skill,
        groups=facts_of(skills, skill),
        near=queries.near_to(skill),
        holders=queries.count_holders(skill.id),
    )


@bp.get("/waiting")
@allow("skills:read")
def new_terms() -> str:
    q = request.args.get("q", "").replace("\0", "")[:60]
    return render_template("skills/waiting.html", terms=waiting.list_waiting(q), count=waiting.count_waiting(), q=q)


@bp.get("/<ref>/decide")
@allow("skills:write")
def decide(ref: str) -> Any:
    skill: Skill = get_record(skills, ref)
    if skill.status != "waiting" or skill.is_archived:
        flash(NotWaiting(skill.name).message, "info")
        return redirect(f"/admin/skills/{skill.id}", 303)
    return _page(skill, _approval(skill), _other_name())


@bp.post("/<ref>/approve")
@allow("skills:write")
def approve(ref: str) -> Any:
    """Make a term a skill of its own."""
    skill: Skill = get_record(skills, ref, for_update=True)
    form = form_class(ApprovalInput)()
    values = form.new_values()
    if not isinstance(values, ApprovalInput):
        return _page(skill, form, _other_name()), 422
    try:
        waiting.approve_term(skill, values, actor=current_user)
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        return _refused(ref, error, form, None)
    address = f"/admin/skills/{skill.id}/edit"
    flash({"text": f"“{skill.name}” is a skill now.", "url": address, "label": "Say more of it"}, "success")  # type: ignore[arg-type]
    return redirect(LIST, 303)


@bp.post("/<ref>/same-as")
@allow("skills:write")
def same_as(ref: str) -> Any:
    """Make a term another name of a skill."""
    skill: Skill = get_record(skills, ref, for_update=True)
    name = skill.name
    form = form_class(OtherNameInput)()
    values = form.new_values()
    if not isinstance(values, OtherNameInput):
        return _page(skill, _approval(skill), form), 422
    try:
        target = waiting.make_other_name(skill, values.into, actor=current_user)
        db.session.commit()
    except (DomainError, SQLAlchemyError) as error:
        return _refused(ref, error, None, form)
    flash(f"“{name}” means “{target.name}” from now on.", "success")
    return redirect(LIST, 303)


@bp.post("/<ref>/reject")
@allow("skills:write")
def reject(ref: str) -> Any:
    """Take a term that is no skill off the list."""
    skill: Skill = get_record(skills, ref, for_update=True)
    try:
        had = waiting.reject_term(skill, actor=current_user)
        db.session.commit()
    except DomainError as error:
        return told_at(LIST, error)
    taken = f" It is taken off {had:,} {'profile' if had == 1 else 'profiles'}." if had else ""
    flash(f"“{skill.name}” is no skill.{taken}", "success")
    return redirect(LIST, 303)


def _approval(skill: Skill) -> SchemaForm:
    return form_class(ApprovalInput)(formdata=None, data={"name": skill.name})


def _other_name() -> SchemaForm:
    return form_class(OtherNameInput)(formdata=None)


def _refused(ref: str, error: Exception, approval: SchemaForm | None, other: SchemaForm | None) -> Any:
    """Tell it in the form that was sent; what somebody else has decided meanwhile is told in the list."""
    if isinstance(error, NotWaiting):
        return told_at(LIST, error)
    status = told_in(approval or other or _other_name(), error)
    skill: Skill = get_record(skills, ref)
    return _page(skill, approval or _approval(skill), other or _other_name()), status


def _page(skill: Skill, approval: SchemaForm, other: SchemaForm) -> str:
    nearest = waiting.nearest_to([skill.id]).get(skill.id, ())
    return render_template(
        "skills/decide.html",
        record=skill,
        approval=complete(approval),
        other=complete(other),
        nearest=nearest,
        holders=queries.count_holders(skill.id),
    )
