"""The portal's side of a sign-in's end: the cookie, the page that it leads to, and what was typed before.

    return enter(user, methods=("provider",), wanted=request.args.get("next"))

Every page that has somebody's first proof ends so. The answer is committed, and leads on: to the page that was wanted,
or to `/login/second`.
"""

from flask import Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask import session as form_session
from werkzeug.exceptions import HTTPException

from app.auth.mfa import policy as mfa_policy
from app.auth.sign_in import operations
from app.auth.sign_in.forms import ProofForm
from app.auth.sign_in.operations import NeedsSecondFactor
from app.extensions import db
from app.identity import authentication, impersonation, policy, sessions
from app.identity.authentication import device
from app.identity.cookies import Cookie
from app.identity.identities import Identity, Owed, identity_of
from app.identity.login import login_manager
from app.identity.models import User
from app.identity.sessions import SignIn
from app.web import htmx
from app.web.guards import audience_of
from app.web.resumed_forms import ResumedForm, safe_path

HALF_DONE = Cookie("second", operations.LIFETIME)
"""The token of a half-done sign-in."""


def enter(
    user: User, *, methods: tuple[str, ...], wanted: str | None = None, kept: ResumedForm | None = None
) -> Response:
    """Let somebody in whose first proof is given, or ask for the second. Raises AccountSuspended.

    `wanted` is the page to go on to, `kept` a form that waits to be sent.
    """
    step = operations.begin_sign_in(user, methods=methods, device=device())
    if isinstance(step, NeedsSecondFactor):
        return _ask_second(user, methods, step.ways, wanted, kept)
    return admit(user, step.sign_in, wanted=wanted, kept=kept)


def admit(user: User, started: SignIn, *, wanted: str | None = None, kept: ResumedForm | None = None) -> Response:
    """Begin the sign-in under a new cookie and a new form token: what the browser held before opens nothing."""
    if (old := authentication.own_session()) is not None:
        sessions.end_session(old.id)
    db.session.commit()
    form_session.clear()
    g.pop("csrf_token", None)
    owed = mfa_policy.owed(user, started.session)
    known = identity_of(user, started.session, must_add_factor=owed == Owed.FACTOR)
    login_manager._update_request_context_with_user(known)  # noqa: SLF001 - the rest of this answer is for that user
    answer = onward(known, wanted, kept)
    authentication.SIGN_IN.keep(answer, started.token)
    HALF_DONE.drop(answer)
    impersonation.COOKIE.drop(answer)
    return answer


def onward(person: Identity, wanted: str | None, kept: ResumedForm | None) -> Response:
    """To the page that was wanted; where a form waits, to one that sends it off."""
    back = landing(person, wanted)
    if kept is None:
        return redirect(back, 303)  # type: ignore[return-value]
    page = render_template("auth/send_again.html", kept=kept, just_signed_in=True, back=back)
    return htmx.whole_page(make_response(page))


def landing(person: Identity, wanted: str | None) -> str:
    """The page that was asked for, if the person may see it; else the person's home."""
    target = safe_path(wanted)
    if person.must_add_factor:
        return url_for("mfa.two_factor")
    if target and _may_see(person, target):
        return target
    return url_for("portal.home" if policy.is_staff(person) else "portal.dashboard")


def second_page(form: ProofForm, ways: tuple[str, ...], status: int = 200, problem: str | None = None) -> Response:
    """The page that asks for the second factor."""
    kept = ResumedForm.loads(form.kept.data or "")
    page = render_template("auth/second.html", form=form, ways=ways, kept=kept, problem=problem)
    return htmx.whole_page(make_response(page, status))


def _ask_second(
    user: User, methods: tuple[str, ...], ways: tuple[str, ...], wanted: str | None, kept: ResumedForm | None
) -> Response:
    token = operations.remember_first_proof(user, methods)
    db.session.commit()
    target = safe_path(wanted)
    if kept is None:
        answer: Response = redirect(url_for("auth.second", next=target), 303)  # type: ignore[assignment]
    else:
        answer = second_page(ProofForm(formdata=None, kept=kept.dumps(), next=target or ""), ways)
    HALF_DONE.keep(answer, token)
    return answer


def _may_see(person: Identity, target: str) -> bool:
    try:
        endpoint, _ = current_app.url_map.bind(request.host).match(target.partition("?")[0], method="GET")
    except HTTPException:
        return False
    audience = audience_of(endpoint)
    return audience is not None and not audience.is_public and audience.admits(person)
