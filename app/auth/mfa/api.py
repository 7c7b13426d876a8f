"""Two-factor sign-in by the JSON API. Passkeys are for browsers, and have no operations here."""

from typing import Any

from flask import Blueprint, request
from flask_login import current_user

from app.api.access import actor
from app.api.operation import Example, operation_with
from app.auth.mfa import operations, proofs, queries
from app.auth.mfa.schemas import AppToAddOut, ConfirmTwoFactorInput, RecoveryCodesOut, TwoFactorInput, TwoFactorOut
from app.identity import authentication
from app.identity import queries as users
from app.identity.models import User
from app.web.guards import also_without_factor

bp = Blueprint("two_factor_api", __name__, url_prefix="/api/auth/two-factor")

operation = operation_with(allow="person", tags=("Two-factor",))
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - an example
_URI = (
    f"otpauth://totp/DIG%7CLIT:manager@diglit.test?secret={_SECRET}&issuer=DIG%7CLIT&algorithm=SHA1&digits=6&period=30"
)
_CODES = ["3k7m-x2tq-9hvd", "c5wr-08np-j4ya"]
_PROOF = {"password": "a long sentence of yours", "otp": "492 039"}


@bp.get("")
@also_without_factor
@operation(
    answers={200: TwoFactorOut},
    example=Example(answer={"on": True, "confirmed_at": "2026-11-22T09:30:00Z", "recovery_codes_left": 9}),
)
def read_two_factor() -> Any:
    """Tell how two-factor sign-in stands."""
    app = queries.app_of(current_user.id)
    confirmed_at = app.confirmed_at if app else None
    left = queries.codes_left(current_user.id)
    return {"on": confirmed_at is not None, "confirmed_at": confirmed_at, "recovery_codes_left": left}


@bp.post("")
@also_without_factor
@operation(
    answers={200: AppToAddOut},
    problems=(409,),
    idempotent=False,
    example=Example(answer={"secret": _SECRET, "otpauth_uri": _URI}),
)
def begin_two_factor() -> Any:
    """Begin to set up an authenticator app.

    Nothing changes until a first code confirms it; until then, calling this again makes a new secret.
    """
    return operations.begin_app(_user(), actor=actor())


@bp.post("/confirm")
@also_without_factor
@operation(
    body=ConfirmTwoFactorInput,
    answers={200: RecoveryCodesOut},
    problems=(409, 429),
    idempotent=False,
    example=Example(body={"otp": "492039"}, answer={"recovery_codes": _CODES}),
)
def confirm_two_factor(body: ConfirmTwoFactorInput) -> Any:
    """Turn two-factor sign-in on with a first code of the app.

    The answer has ten recovery codes, told this once. Other sign-ins go on.
    """
    session = authentication.current_session()
    made = operations.confirm_app(_user(), body.otp, session=session, actor=actor())
    return {"recovery_codes": made}


@bp.post("/recovery-codes")
@also_without_factor
@operation(
    body=TwoFactorInput,
    answers={200: RecoveryCodesOut},
    problems=(409, 429),
    idempotent=False,
    example=Example(body=_PROOF, answer={"recovery_codes": _CODES}),
)
def replace_recovery_codes(body: TwoFactorInput) -> Any:
    """Make new recovery codes; the earlier ones are good for nothing from then on."""
    user = _user()
    proofs.check_password(user, body.password, address=_address())
    made = proofs.counted(
        user, body.otp, lambda otp: operations.replace_codes(user, otp, actor=actor()), address=_address()
    )
    return {"recovery_codes": made}


@bp.delete("")
@also_without_factor
@operation(
    body=TwoFactorInput,
    answers={204: None},
    problems=(409, 429),
    example=Example(body=_PROOF),
)
def turn_off_two_factor(body: TwoFactorInput) -> None:
    """Turn two-factor sign-in off, with the password and a code or a recovery code."""
    user = _user()
    proofs.check_password(user, body.password, address=_address())
    proofs.counted(user, body.otp, lambda otp: operations.turn_off_app(user, otp, actor=actor()), address=_address())


def _user() -> User:
    return users.get_user(current_user.id)


def _address() -> str:
    return request.remote_addr or ""
