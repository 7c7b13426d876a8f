"""The pages of a company's owner: the company's people, what each may do, invitations."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from app.auth.invitations import operations as invitations
from app.auth.people import colleague_operations
from app.auth.people.kinds import clients
from app.auth.people.schemas import ColleagueInput
from app.core.errors import NotFound
from app.core.tenancy import as_system
from app.extensions import db
from app.identity.models import User
from app.identity.scopes import in_words
from app.web import limits
from app.web.forms import SchemaForm, form_class
from app.web.guards import owner
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted

bp = Blueprint("company", __name__, url_prefix="/account/company")

PEOPLE = "People"


@bp.get("")
@owner
def people() -> Any:
    if not current_user.is_owner:
        return redirect(clients.base(), 303)
    return _people_page(form_class(ColleagueInput)(formdata=None))


@bp.post("/invitations")
@owner
@makes_one
def invite() -> Any:
    """Invite a colleague; so many a day for a company."""
    with (
        submitted(ColleagueInput, _people_page) as values,
        as_system("an address is unique across companies; the operation keeps to the owner's company"),
    ):
        limits.hit("invitation", str(current_user.client_id))
        user = invitations.invite_colleague(values, actor=current_user)
        db.session.commit()
    flash(f"Invited {user.email}. The link is on its way, and good for seven days.", "success")
    return redirect(url_for("company.people"), 303)


@bp.get("/people/<uuid:user_id>")
@owner
def person(user_id: UUID) -> str:
    """What a person of the company may do."""
    user = _colleague(user_id)
    kept = colleague_operations.OFFERED if user.limits is None else user.limits
    return render_template(
        "people/colleague.html", person=user, groups=_groups(), kept=set(kept), is_self=user.id == current_user.id
    )


@bp.post("/people/<uuid:user_id>/limits")
@owner
def limit(user_id: UUID) -> Any:
    kept = request.form.getlist("limits")
    return _act(
        user_id,
        lambda: colleague_operations.limit(user_id, kept, actor=current_user),
        "What {} may do counts from now on.",
    )


@bp.post("/people/<uuid:user_id>/role")
@owner
def set_role(user_id: UUID) -> Any:
    role = "owner" if request.form.get("company_role") == "owner" else "member"
    done = "{} is an owner now." if role == "owner" else "{} is a member now."
    return _act(user_id, lambda: colleague_operations.set_company_role(user_id, role, actor=current_user), done)


@bp.post("/people/<uuid:user_id>/remove")
@owner
def remove(user_id: UUID) -> Any:
    act = lambda: colleague_operations.remove(user_id, actor=current_user)  # noqa: E731
    return _act(user_id, act, "{} can’t come in any more.", url_for("company.people"))


@bp.post("/people/<uuid:user_id>/invite-again")
@owner
def invite_again(user_id: UUID) -> Any:
    limits.hit("invitation", str(current_user.client_id))
    act = lambda: colleague_operations.send_invitation_again(user_id, actor=current_user)  # noqa: E731
    return _act(user_id, act, "A new invitation to {} is on its way.", url_for("company.people"))


@bp.post("/second-factor")
@owner
def second_factor() -> Any:
    required = request.form.get("require_second_factor") == "yes"
    with as_system("sessions of people end by a rule of their company; the operation keeps to it"):
        colleague_operations.require_second_factor(required, actor=current_user)
        db.session.commit()
    word = "Everybody needs a second factor from now on." if required else "A second factor is up to each person now."
    flash(word, "success")
    return redirect(url_for("company.people"), 303)


def _colleague(user_id: UUID) -> User:
    """A person of one's own company; another's is not there."""
    user = db.session.get(User, user_id)
    is_there = user is not None and user.client_id == current_user.client_id and user.merged_into_id is None
    if user is None or not is_there or current_user.client_id is None:
        raise NotFound("There is no such person in your company.")
    return user


def _act(user_id: UUID, act: Callable[[], User], done: str, back: str | None = None) -> Any:
    """Do it in sight of all companies: the operations see to it that the person is of the owner's own."""
    name = _name_of(_colleague(user_id))
    back = back or url_for("company.person", user_id=user_id)
    with saying_no(at=back), as_system("the operation keeps to people of the owner's company"):
        act()
        db.session.commit()
    flash(done.format(name), "success")
    return redirect(back, 303)


def _name_of(user: User) -> str:
    return user.email if user.status == "invited" else f"“{user.username}”"


def _people_page(form: SchemaForm, status: int = 200) -> Any:
    client_id = current_user.client_id
    if client_id is None:
        raise NotFound("You have no company.")
    found = colleague_operations.people_of(client_id)
    page = render_template(
        "people/own_company.html",
        people=found,
        company=colleague_operations.get_company(client_id),
        open_invitations=invitations.expiry_of([user.id for user in found if user.status == "invited"]),
        form=form,
        everything=len(colleague_operations.OFFERED),
    )
    return page, status


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """The permissions to choose from, in words, by what they are about."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in colleague_operations.OFFERED:
        groups.setdefault(name.partition(":")[0].capitalize(), []).append((name, in_words(name)))
    return list(groups.items())
