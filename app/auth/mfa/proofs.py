"""Codes and passwords as proofs, with guessing counted: what the sign-in, the step-up and the API have in common."""

from collections.abc import Callable
from typing import TypeVar

from app.auth.brute_force import attempts
from app.auth.errors import WrongCredentials, WrongOtp, WrongProof
from app.auth.mfa import codes, operations
from app.auth.sign_in.operations import identify
from app.identity.models import User

T = TypeVar("T")
_WRONG_PASSWORD = "This isn’t your password."  # noqa: S105 - a sentence


def use_code(user: User, otp: str, *, address: str) -> str:
    """Use up a code; `otp` or `recovery-code`. Raises WrongOtp, or TooManyRequests before it is looked at.

    A recovery code is too long to be guessed, so that the owner of one gets in however many codes a stranger tried.
    """
    if codes.is_of_app(otp):
        attempt = attempts.count_otp(user.id, address)
        method = operations.use_code(user, otp)
        attempt.succeeded()
        return method
    try:
        return operations.use_code(user, otp)
    except WrongOtp:
        attempts.count_secret("recovery-code", address)
        raise


def check_password(user: User, password: str, *, address: str) -> None:
    """Check the password of somebody who has signed in. Raises WrongProof, or TooManyRequests."""
    try:
        identify(user.username, password, address=address)
    except WrongCredentials:
        raise WrongProof("password", _WRONG_PASSWORD) from None


def counted(user: User, otp: str, act: Callable[[str], T], *, address: str) -> T:
    """Do what uses up a code of somebody who has signed in. Raises WrongProof or TooManyRequests."""
    if not codes.is_of_app(otp):
        return act(otp)
    attempt = attempts.count_otp(user.id, address)
    result = act(otp)
    attempt.succeeded()
    return result
