"""Every view states its audience, and nothing is served without one.

The decorator goes below the route's: it marks the view (`view.audience`) and leaves it as it is. `init_app` adds the
check that runs before each request. A view may also be given its audience by whatever makes it:
`view.audience = permission("products:write")`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import structlog
from flask import Flask, Response, current_app, request
from werkzeug.routing import Rule

from app.core.addresses import under_api
from app.core.errors import Refused, Unauthorized
from app.core.tenancy import become_system
from app.identity import policy
from app.identity.login import who

View = TypeVar("View", bound=Callable[..., Any])
Answer = Response | None

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Audience:
    """Whom a view is for. `name` is `public`, `entrance`, `signed-in`, `person`, `owner`, `staff`, `admin` or a
    permission; `of_staff` says that it isn't for others who have that."""

    name: str
    admits: Callable[[Any], bool]
    of_staff: bool = False

    @property
    def is_public(self) -> bool:
        return self in (PUBLIC, ENTRANCE)

    def __str__(self) -> str:
        return self.name


def _anyone(_person: Any) -> bool:
    return True


def _oneself(person: Any) -> bool:
    """A program that was let in for a part, and staff who look through a customer's eyes, are not the person."""
    return bool(person.is_person)


PUBLIC = Audience("public", _anyone)
ENTRANCE = Audience("entrance", _anyone)
SIGNED_IN = Audience("signed-in", _anyone)
PERSON = Audience("person", _oneself)
OWNER = Audience("owner", lambda person: _oneself(person) and (person.is_owner or policy.is_admin(person)))
STAFF = Audience("staff", lambda person: policy.is_staff(person) and _oneself(person))
ADMIN = Audience("admin", lambda person: policy.is_admin(person) and _oneself(person))


def permission(name: str, *, of_staff: bool = False) -> Audience:
    """The audience of all who have the permission, or of those of them who are staff."""
    if name not in policy.PERMISSIONS:
        raise ValueError(f"there is no permission {name!r}")
    return Audience(
        name, lambda person: policy.can(person, name) and (not of_staff or policy.is_staff(person)), of_staff
    )


def _decorator(audience: Audience) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.audience = audience  # type: ignore[attr-defined]
        return view

    return mark


def allow(name: str) -> Callable[[View], View]:
    """The view is for those who have the permission, such as `products:write`."""
    return _decorator(permission(name))


public = _decorator(PUBLIC)
"""The view is for everyone."""
entrance = _decorator(ENTRANCE)
"""The view is for everyone, and is a way in: credentials that come along, stale ones perhaps, don't count."""
signed_in = _decorator(SIGNED_IN)
"""The view is for every user, and for every program that one has let in."""
person = _decorator(PERSON)
"""The view is for every user in person: what is their own (password, keys, sessions) is no program's to change."""
owner = _decorator(OWNER)
"""The view is for owners of companies, each for their own, and for administrators."""
staff = _decorator(STAFF)
"""The view is for administrators and managers."""
admin = _decorator(ADMIN)
"""The view is for administrators."""


def for_programs(view: View) -> View:
    """The view takes no cookie for anything: whoever calls it proves in the request itself who it is, and so no other
    site can have a browser send it in somebody's name. It goes without the token of our forms."""
    view.for_programs = True  # type: ignore[attr-defined]
    return view


def also_without_factor(view: View) -> View:
    """The view is there also for somebody who must have a second factor and has none yet: what it takes to set one up.
    All others lead there first."""
    view.also_without_factor = True  # type: ignore[attr-defined]
    return view


def also_when_impersonating(view: View) -> View:
    """The view is there also for staff who see the portal as a customer, although it changes something; all others
    that do are closed to them."""
    view.also_when_impersonating = True  # type: ignore[attr-defined]
    return view


def has_effects(view: View) -> View:
    """The view changes something although it is only asked for (GET): it is closed to staff who see as a customer."""
    view.has_effects = True  # type: ignore[attr-defined]
    return view


def audience_of(endpoint: str) -> Audience | None:
    """What the view of the endpoint states; None where it states nothing."""
    return getattr(current_app.view_functions.get(endpoint), "audience", None)


@dataclass(frozen=True)
class Hooks:
    """What the accounts add to the guard, which doesn't know how one signs in."""

    ask_to_sign_in: Callable[[], Response]
    """Called where nobody has signed in."""
    check_form: Callable[[], Answer]
    """The last check: refuses a form that another site may have sent."""
    before_admission: Callable[[Any], Answer]
    """Called with the view before it is known whether its audience includes the person."""
    after_admission: Callable[[Any, Any], Answer]
    """Called with the view and the person whom its audience includes."""
    why_refused: Callable[[Any], str | None]
    """What to tell the person in place of the usual sentence."""


def add_hooks(app: Flask, hooks: Hooks) -> None:
    app.extensions["guard_hooks"] = hooks


def _hooks() -> Hooks:
    return cast("Hooks", current_app.extensions["guard_hooks"])


def init_app(app: Flask) -> None:
    """Guard every request: who asks comes first, whether the form is ours next."""
    # The token lives as long as the browser's session. A missing Referer proves nothing, and some people's browsers
    # never send one.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)

    @app.before_request
    def guard() -> Answer:
        rule = request.url_rule
        if rule is None or _is_answered_by_flask(rule):
            return None
        audience = audience_of(rule.endpoint)
        if audience is None:
            log.error("endpoint without an audience refused", endpoint=rule.endpoint)
            raise Refused("Nobody has said who may use this yet, so nobody may.")
        view, hooks = current_app.view_functions[rule.endpoint], _hooks()
        refused = hooks.before_admission(view) or _admit(audience, view, hooks)
        if refused is not None or getattr(view, "for_programs", False):
            return refused
        return hooks.check_form()


def _is_answered_by_flask(rule: Rule) -> bool:
    return request.method == "OPTIONS" and bool(getattr(rule, "provide_automatic_options", False))


def _admit(audience: Audience, view: Any, hooks: Hooks) -> Answer:
    if audience.is_public:
        if audience is ENTRANCE:
            become_system("a way in comes before it is known who asks")
        if audience is PUBLIC and under_api() and "Authorization" in request.headers:
            _refuse_bad_credentials()
        return None
    person = who()
    if not person.is_authenticated:
        if under_api():
            _refuse_bad_credentials()
        return hooks.ask_to_sign_in()
    if not audience.admits(person):
        raise Refused(hooks.why_refused(person) or "Your role doesn't allow this.")
    return hooks.after_admission(view, person)


def _refuse_bad_credentials() -> None:
    if who().is_authenticated:
        return
    if "Authorization" in request.headers:
        raise Unauthorized("The access token isn't valid, or no longer. Sign in again, or refresh it.")
    raise Unauthorized("Sign in first, and send the access token as “Authorization: Bearer …”.")
