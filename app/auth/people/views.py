"""The staff's pages of users: the list, a person's page, and what staff may do there."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from flask import Response, flash, redirect, render_template, request
from flask_login import current_user

from app.auth.invitations import operations as invitations
from app.auth.people import merge_views, operations, queries
from app.auth.people.forms import ReasonInput, form_with_company, show_company, suggest_companies
from app.auth.people.kinds import users
from app.auth.people.merge_operations import find_merge
from app.auth.people.schemas import BusinessInvitationInput, InvitationInput, UserChange
from app.core.changes.merge import three_way
from app.core.kinds import FieldGroup, editing_of
from app.core.records import get_record
from app.core.suggestions import offer
from app.crud import Presentation, pages
from app.extensions import db
from app.identity.models import User
from app.identity.policy import is_admin
from app.identity.steps import USER
from app.web import merging
from app.web.forms import SchemaForm, form_class
from app.web.guards import allow
from app.web.once import makes_one
from app.web.refusals import saying_no, submitted
from app.web.steps import StepPages


def _shown(user: User) -> dict[str, Any]:
    return {
        "user": user,
        "access": queries.access_of(user.id),
        "keys": queries.keys_of(user_id=user.id),
        "acts": queries.recent_acts(user.id),
        "merged_into": queries.get_user(user.merged_into_id),
        "can_be_taken_apart": find_merge(user) is not None,
        "invitation": invitations.expiry_of([user.id]).get(user.id) if user.status == "invited" else None,
        "is_own": user.id == current_user.id,
        "progress": STEPS.progress(user, current_user),
    }


bp = pages(users, without=("new", "edit"), presentation=Presentation(show="people/user.html", context=_shown))
merge_views.add_to(bp, "users")
offer("companies", suggest_companies)

_INVITATION = (
    FieldGroup("Who", ("email", "role"), "A link is mailed to the address. It is good for seven days."),
    FieldGroup("Company", ("client_id", "company_role"), "For people of a client company."),
)


@bp.route("/new", methods=["GET", "POST"])
@allow("clients:write")
@makes_one
def new() -> Any:
    """Invite somebody."""
    form = form_with_company(InvitationInput if is_admin(current_user) else BusinessInvitationInput)
    if request.method == "GET":
        company = queries.find_company(request.args.get("client_id", "")[:40])
        if company is not None:
            form.fields["client_id"].process(None, str(company.id))
            if not queries.count_people(company.id):
                form.fields["company_role"].process(None, "owner")
        return _form_page(form)
    with submitted(InvitationInput, lambda form, status: _form_page(form, status=status), form=form) as values:
        user = invitations.invite(values, actor=current_user)
    flash(f"Invited {user.email}. The link is on its way.", "success")
    return _to(user)


@bp.route("/<ref>/edit", methods=["GET", "POST"])
@allow("users:write")
def edit(ref: str) -> Any:
    """Change a user's role or state. What another administrator changed meanwhile is told, not written over."""
    saving = request.method == "POST"
    user: User = get_record(users, ref, for_update=saving)
    form = form_with_company(UserChange, editing_of(users).values(user))
    if not saving:
        return _form_page(form, user)
    merging.take_theirs(form, users, user)
    base, given = merging.base_version(user), form.changed_values()
    if base is None:
        form.form_errors.append(merging.OUT_OF_DATE)
    if base is None or given is None:
        return _form_page(form, user, status=422)
    before = editing_of(users).values(user)
    merge = three_way(db.session, users, user, base, given)
    if merge.conflicts:
        merging.show(form, users, user, merge)
        return _form_page(form, user, status=409, version=str(user.version), conflicts=merge.conflicts)
    with saying_no(form, lambda status: _form_page(form, user, status=status)):
        operations.change_user(user, merge.changes, actor=current_user)
    _offer_way_back(user, before) if merge.changes else flash("Nothing to change.", "info")
    return _to(user)


def _offer_way_back(user: User, before: dict[str, Any]) -> None:
    """The counterpart of the change, under the same rules as any other."""
    fields = {name: str(value) for name, value in before.items() if value is not None}
    undo = {"url": f"{users.url(user)}/edit", "label": "Undo", "fields": fields}
    flash({"text": f"Saved “{user.username}”. It counts from the next request on.", **undo}, "success")  # type: ignore[arg-type]


@bp.post("/<ref>/company-role")
@allow("users:write")
def company_role(ref: str) -> Any:
    """Make a person of a company its owner, or a member."""
    role = "owner" if request.form.get("company_role") == "owner" else "member"
    return _act(ref, lambda user: operations.change_company_role(user, role, actor=current_user), f"is {role} now")


@bp.post("/<ref>/end-sessions")
@allow("users:write")
def end_sessions(ref: str) -> Any:
    return _act(ref, lambda user: operations.end_sessions(user, actor=current_user), "is signed out everywhere")


@bp.post("/<ref>/send-reset")
@allow("clients:write")
def send_reset(ref: str) -> Any:
    """Mail a link for a new password, as the person could ask for it."""
    return _act(ref, lambda user: operations.send_reset(user, actor=current_user), "gets a link by mail")


@bp.post("/<ref>/invite-again")
@allow("clients:write")
def invite_again(ref: str) -> Any:
    return _act(ref, lambda user: invitations.staff_send_again(user, actor=current_user), "gets a new invitation")


@bp.post("/<ref>/take-back")
@allow("clients:write")
def take_back(ref: str) -> Any:
    user: User = get_record(users, ref, for_update=True)
    email = user.email
    with saying_no(at=users.url(user)):
        invitations.staff_take_back(user, actor=current_user)
    flash(f"The invitation of {email} is taken back. The link opens nothing any more.", "success")
    return redirect(users.base(), 303)


@bp.route("/<ref>/reset-second-factor", methods=["GET", "POST"])
@allow("users:write")
def reset_second_factor(ref: str) -> Any:
    """For one who has lost all: a page of its own, since it can't be taken back."""
    user: User = get_record(users, ref, for_update=request.method == "POST")
    form = form_class(ReasonInput)()
    values = form.new_values() if request.method == "POST" else None
    if not isinstance(values, ReasonInput):
        page = render_template("people/second_factor.html", record=user, form=form, access=queries.access_of(user.id))
        return page, 422 if form.problems else 200
    return _act(
        ref,
        lambda user: operations.reset_second_factor(user, reason=values.reason, actor=current_user),
        "has no second factor now, and is signed out everywhere",
    )


def _act(ref: str, act: Callable[[User], Any], done: str) -> Any:
    """Do it, and go back to the person's page; a rule that says no is told there."""
    user: User = get_record(users, ref, for_update=True)
    with saying_no(at=users.url(user)):
        act(user)
    flash(f"“{user.username}” {done}.", "success")
    return _to(user)


def _form_page(
    form: SchemaForm,
    user: User | None = None,
    *,
    status: int = 200,
    version: str | None = None,
    conflicts: tuple[Any, ...] = (),
) -> Any:
    page = render_template(
        "records/form.html",
        kind=users,
        noun="" if user else "invitation",
        groups=editing_of(users).form if user else _INVITATION,
        here=f"{users.url(user)}/edit" if user else f"{users.base()}/new",
        form=show_company(form),
        record=user,
        version=version or request.form.get("version", str(user.version) if user else ""),
        conflicts=conflicts,
    )
    return page, status


def _to(user: User) -> Response:
    return cast("Response", redirect(users.url(user), 303))


STEPS = StepPages(
    steps=USER,
    sides=("staff",),
    rule="/<ref>",
    find=partial(get_record, users),
    find_locked=partial(get_record, users, for_update=True),
    address=users.url,
)
STEPS.add_to(bp)
