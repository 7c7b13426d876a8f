"""Registering, confirming an address and choosing a password, in the JSON API."""

from flask import Blueprint, request
from flask_login import current_user

from app.api.operation import Answer, Example, operation_with
from app.auth.brute_force import attempts
from app.auth.emails import operations as emails
from app.auth.passwords import operations as passwords
from app.auth.passwords.hashing import password_hasher
from app.auth.refresh_tokens.operations import refresh_tokens
from app.auth.registration import link_views, operations
from app.auth.registration.schemas import (
    ConfirmInput,
    ForgotInput,
    PasswordInput,
    RegisterInput,
    ResetInput,
)
from app.auth.schemas import TokensOut
from app.auth.sign_in import operations as sign_in
from app.auth.sign_in.api import TAGS, TOKENS, tokens_of
from app.auth.sign_in.operations import Started
from app.core.addresses import api_prefix
from app.identity import queries as users
from app.identity.authentication import device
from app.web import limits

bp = Blueprint("registration_api", __name__, url_prefix="/api/auth")
operation = operation_with(tags=TAGS, idempotent=False)

_NEWCOMER = {
    "username": "maria",
    "email": "maria@example.com",
    "company": "Example Ltd",
    "password": "a long sentence of yours",
}
_TOKEN = "2yvHhbXv0Zl3…"  # noqa: S105


@bp.post("/register")
@operation(
    allow="entrance",
    body=RegisterInput,
    answers={201: TokensOut},
    problems=(409, 429),
    example=Example(body=_NEWCOMER, answer=TOKENS),
)
def register(body: RegisterInput) -> Answer:
    """Register, with a company of one's own.

    The answer is that of a sign-in. A link that confirms the e-mail address is mailed. A user name or an address that
    is taken is 409.
    """
    attempts.count_registration(_address())
    user = operations.register(body, hashing=password_hasher())
    in_body = body.token_delivery == "body"  # noqa: S105 - where it goes
    step = sign_in.begin_sign_in(user, methods=("password",), device=device(), kind="api", keep_browser=not in_body)
    assert isinstance(step, Started)
    session = step.sign_in.session
    answer = tokens_of(user, session, refresh_tokens().start(session), in_body=in_body)
    answer.headers["Location"] = f"{api_prefix()}/auth/me"
    return answer


@bp.post("/email/confirm")
@operation(
    allow="entrance",
    body=ConfirmInput,
    answers={204: None},
    problems=(409, 429),
    example=Example(body={"token": _TOKEN}),
)
def confirm_email(body: ConfirmInput) -> None:
    """Confirm an e-mail address with the token of the mailed link.

    If it is to replace another, it does so now; 409 if somebody else has taken it meanwhile.
    """
    with link_views.counted():
        emails.confirm_email(body.token)


@bp.post("/email/resend")
@operation(
    allow="person",
    answers={202: None},
    problems=(409, 429),
    example=Example(),
)
def resend_confirmation() -> None:
    """Mail the link that confirms the e-mail address again.

    Earlier links stop working. An address that is confirmed already is 409.
    """
    limits.hit("confirmation", str(current_user.id))
    emails.ask_to_confirm(users.get_user(current_user.id, for_update=True))


@bp.post("/password/forgot")
@operation(
    allow="entrance",
    body=ForgotInput,
    answers={202: None},
    example=Example(body={"email": "maria@example.com"}),
)
def forgot_password(body: ForgotInput) -> None:
    """Ask for a mailed link to choose a new password.

    The answer is the same whether or not there is such an account.
    """
    if attempts.may_ask_for_reset(body.email, _address()):
        passwords.ask_for_reset(body.email)


@bp.post("/password/reset")
@operation(
    allow="entrance",
    body=ResetInput,
    answers={204: None},
    problems=(429,),
    example=Example(body={"token": _TOKEN, "password": "another sentence of yours"}),
)
def reset_password(body: ResetInput) -> None:
    """Choose a new password, with the token of the mailed link.

    Every sign-in of the user ends. A second factor stays.
    """
    with link_views.counted():
        user = passwords.reset_password(body.token, body.password, hashing=password_hasher())
    attempts.trust_browser(user)


@bp.post("/password")
@operation(
    allow="person",
    body=PasswordInput,
    answers={204: None},
    problems=(429,),
    example=Example(body={"current": "a long sentence of yours", "new": "another sentence of yours"}),
)
def change_password(body: PasswordInput) -> None:
    """Change one's own password.

    All other sign-ins end; the one that asks goes on.
    """
    user = users.get_user(current_user.id)
    attempt = attempts.count_sign_in(user.username, user, _address())
    passwords.change_password(user.id, body.current, body.new, keep=current_user.session_id, hashing=password_hasher())
    attempt.succeeded()
    attempts.forget_guesses(user.id)


def _address() -> str:
    return request.remote_addr or ""
