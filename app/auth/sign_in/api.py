"""Signing in to the JSON API."""

from typing import Any

import structlog
from flask import Blueprint, request
from flask_login import current_user

from app.api.operation import Answer, Example, operation_with
from app.auth.brute_force import attempts
from app.auth.errors import OtpRequired, SignInEnded
from app.auth.mfa import proofs
from app.auth.refresh_tokens.operations import end_sign_in_of, refresh_tokens
from app.auth.schemas import LoginInput, MeOut, RefreshInput, TokensOut
from app.auth.sign_in import operations
from app.auth.sign_in.operations import Started, identify
from app.core.errors import Refused, Unauthorized
from app.extensions import db
from app.identity import access_tokens, authentication, policy, sessions
from app.identity.authentication import device
from app.identity.cookies import Cookie
from app.identity.models import User, UserSession
from app.identity.sessions import SignIn
from app.web.guards import also_without_factor

log = structlog.get_logger(__name__)
bp = Blueprint("auth_api", __name__, url_prefix="/api/auth")

REFRESH = Cookie("refresh", sessions.LONGEST, for_one_path=True, same_site="Strict")
TAGS = ("Signing in",)
operation = operation_with(tags=TAGS)
_USER = {
    "id": "019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01",
    "username": "manager",
    "email": "manager@diglit.test",
    "role": "manager",
    "status": "active",
    "client_id": None,
    "timezone": None,
    "theme": None,
    "created_at": "2026-11-22T09:30:00Z",
    "updated_at": "2026-11-22T09:30:00Z",
}
TOKENS = {"access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6…", "token_type": "Bearer", "expires_in": 900, "user": _USER}


@bp.post("/login")
@operation(
    allow="entrance",
    body=LoginInput,
    answers={200: TokensOut},
    problems=(401, 429),
    idempotent=False,
    example=Example(body={"username": "manager@diglit.test", "password": "a long sentence of yours"}, answer=TOKENS),
)
def login(body: LoginInput) -> Answer:
    """Sign in with a user name or an e-mail address, and a password.

    The access token goes into `Authorization: Bearer …` and is good for 15 minutes. The refresh token comes in an
    HttpOnly cookie on `/api`, or in the body when `token_delivery` is `body`. `otp` is the one-time code, or a recovery
    code, of users who have a second factor, and is passed over for others. Without it, the problem's `type` ends in
    `otp-required` once the password is right, and in `wrong-otp` when the code isn't.
    """
    user = identify(body.username, body.password, address=request.remote_addr or "")
    started = _complete(user, body)
    refresh_token = refresh_tokens().start(started.session)
    return tokens_of(user, started.session, refresh_token, in_body=body.token_delivery == "body")  # noqa: S105


@bp.post("/refresh")
@operation(
    allow="entrance",
    body=RefreshInput,
    body_is_optional=True,
    answers={200: TokensOut},
    problems=(401, 429),
    idempotent=False,
    example=Example(body={"refresh_token": "2yvHhbXv0Zl3…"}, answer={**TOKENS, "refresh_token": "k3Jw9cQmTt0a…"}),
)
def refresh(body: RefreshInput) -> Answer:
    """Trade a refresh token for a new pair of tokens.

    It is taken from the body or from the cookie, and the new one goes the same way. A refresh token works once. Within
    10 seconds of its first use it gives the same successor again, for tabs that ask at the same time; when it comes
    later than that it has been copied, and the whole sign-in ends.
    """
    attempts.count_refresh(request.remote_addr or "")
    token = _sent(body)
    if token is None:
        raise Unauthorized("Send the refresh token, in the body or as the cookie that came with the sign-in.")
    refreshed = refresh_tokens().rotate(token, address=request.remote_addr or "")
    if refreshed is None:
        db.session.commit()
        raise SignInEnded
    in_body = body.refresh_token is not None
    successor = refreshed.token
    if refreshed.replayed and not in_body:
        # The cookie is all tabs' in common: it must not go back behind a tab that has gone on meanwhile.
        successor = refresh_tokens().newest_after(successor)
    return tokens_of(refreshed.user, refreshed.session, successor, in_body=in_body)


@bp.post("/logout")
@operation(
    allow="entrance",
    body=RefreshInput,
    body_is_optional=True,
    answers={204: None},
    problems=(401,),
    idempotent=False,
    example=Example(body={}),
)
def logout(body: RefreshInput) -> Answer:
    """End the sign-in of the access token or the refresh token that is sent.

    Every access token and refresh token that was issued under it stops working at once.
    """
    session_id = current_user.session_id if current_user.is_authenticated else None
    token = _sent(body)
    if session_id is not None:
        sessions.end_session(session_id)
    elif token is None or not end_sign_in_of(token):
        raise Unauthorized("There is no sign-in to end: the token is missing, or has ended already.")
    return Answer(headers={"Set-Cookie": REFRESH.header("", path="/api")})


@bp.get("/me")
@also_without_factor
@operation(
    allow="signed-in",
    answers={200: MeOut},
    example=Example(answer={**_USER, "permissions": ["products:read", "products:write"]}),
)
def me() -> Any:
    """Tell who is signed in, and what that user may do."""
    user = current_user
    if user.id is None:
        raise Refused("This token is an application's: it acts for its company, and is no user's.")
    fields = {name: getattr(user, name) for name in MeOut.model_fields if name != "permissions"}
    return {**fields, "permissions": sorted(policy.permissions_of(user))}


def _complete(user: User, body: LoginInput) -> SignIn:
    """Begin the session, with the second factor where one is needed. Raises OtpRequired, WrongOtp, TooManyRequests."""
    keep_browser = body.token_delivery == "cookie"  # noqa: S105 - where it goes
    how: dict[str, Any] = {"device": device(), "kind": "api", "keep_browser": keep_browser}
    step = operations.begin_sign_in(user, methods=("password",), **how)
    if isinstance(step, Started):
        return step.sign_in
    if body.otp is None or "otp" not in step.ways:
        raise OtpRequired(takes_code="otp" in step.ways)
    method = proofs.use_code(user, body.otp, address=request.remote_addr or "")
    return operations.start(user, methods=("password", method), **how)


def tokens_of(user: User, session: UserSession, refresh_token: str, *, in_body: bool) -> Answer:
    """What a sign-in of a program is answered with."""
    told = {
        "access_token": authentication.access_tokens().issue(session),
        "expires_in": access_tokens.lifetime_of(session),
        "refresh_token": refresh_token if in_body else None,
        "user": user,
    }
    headers = {"Set-Cookie": REFRESH.header(refresh_token, path="/api")} if not in_body else {}
    return Answer(told, headers=headers)


def _sent(body: RefreshInput) -> str | None:
    """The refresh token of the body, or where it has none that of the cookie."""
    return request.cookies.get(REFRESH.full_name) if body.refresh_token is None else body.refresh_token
