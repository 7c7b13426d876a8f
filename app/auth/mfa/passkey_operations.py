"""Passkeys at work (WebAuthn Level 3): what a device is asked, and whether its answer holds.

A challenge is a one-time token: good once, for five minutes, for one purpose, and in the browser that asked for it
alone. What the browser shows of its origin must be ours, and the passkey's counter must move on where it has one.
"""

import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
import webauthn
from cbor2 import CBORDecodeError
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.auth.errors import WrongPasskey
from app.auth.mfa import queries
from app.auth.mfa.models import Passkey
from app.auth.mfa.relying_party import relying_party
from app.auth.one_time_tokens import operations as one_time_tokens
from app.auth.one_time_tokens.models import OneTimeToken
from app.core.audit import record_event
from app.core.clock import now
from app.core.events import publish
from app.extensions import db
from app.identity.models import User

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=5)
SIGN_IN, PROVE, ADD = "passkey-sign-in", "passkey-prove", "passkey-add"
_TIMEOUT = int(LIFETIME.total_seconds() * 1000)
_UNREADABLE = (
    WebAuthnException, CBORDecodeError, UnsupportedAlgorithm, struct.error,
    ValueError, TypeError, LookupError, AttributeError, RecursionError,
)  # fmt: skip
"""Whatever an answer that isn't one can make the libraries raise."""


@dataclass(frozen=True)
class _Judged:
    passkey: Passkey
    user: User


def ask_to_sign_in(*, binding: str) -> str:
    """What the browser is to ask of any passkey for this portal, as JSON; the owner must unlock it."""
    return _ask_for_passkey(SIGN_IN, binding, (), UserVerificationRequirement.REQUIRED)


def ask_to_prove(user: User, *, binding: str) -> str:
    """What the browser is to ask of one of the user's passkeys, as JSON."""
    known = queries.passkeys_of(user.id)
    return _ask_for_passkey(PROVE, binding, known, UserVerificationRequirement.PREFERRED, user_id=user.id)


def ask_to_add(user: User, *, binding: str) -> str:
    """What the browser is to ask of a device for a new passkey, as JSON. One that has a passkey already is left out."""
    party = relying_party()
    known = queries.passkeys_of(user.id)
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.username,
        challenge=_challenge(ADD, binding, user.id),
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=[_described(passkey) for passkey in known],
    )
    return webauthn.options_to_json(options)


def sign_in(answer: str, *, binding: str) -> User:
    """The user whose passkey it is. Raises WrongPasskey; the caller commits then too, for the challenge is used up."""
    credential = _read_answer(answer)
    _take_challenge(credential, SIGN_IN, binding)
    judged = _judge(credential, must_verify=True)
    handle = credential.response.user_handle
    if handle is not None and bytes(handle) != judged.user.id.bytes:
        raise WrongPasskey
    return judged.user


def prove(answer: str, user: User, *, binding: str) -> Passkey:
    """The user's passkey that has answered. Raises WrongPasskey; the caller commits then too."""
    credential = _read_answer(answer)
    stored = _take_challenge(credential, PROVE, binding)
    judged = _judge(credential, must_verify=False)
    if judged.user.id != user.id or stored.user_id != user.id:
        raise WrongPasskey
    return judged.passkey


def new_passkey(answer: str, user: User, name: str, *, binding: str) -> Passkey:
    """The passkey that the device has made, verified and not kept yet. Raises WrongPasskey; the caller commits too."""
    party = relying_party()
    try:
        credential = webauthn.helpers.parse_registration_credential_json(answer)
        stored = _take_challenge(credential, ADD, binding)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=_challenge_of(credential),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except _UNREADABLE as error:
        log.info("passkey refused", reason=type(error).__name__, user_id=str(user.id))
        raise WrongPasskey from None
    if stored.user_id != user.id:
        raise WrongPasskey
    if queries.find_passkey(verified.credential_id) is not None:
        raise WrongPasskey("This passkey is in use already.")
    return Passkey(
        user_id=user.id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=[transport.value for transport in credential.response.transports or ()],
        name=name,
        backed_up=verified.credential_backed_up,
    )


def _ask_for_passkey(
    purpose: str, binding: str, known: Any, verification: UserVerificationRequirement, user_id: UUID | None = None
) -> str:
    options = webauthn.generate_authentication_options(
        rp_id=relying_party().id,
        challenge=_challenge(purpose, binding, user_id),
        timeout=_TIMEOUT,
        allow_credentials=[_described(passkey) for passkey in known],
        user_verification=verification,
    )
    return webauthn.options_to_json(options)


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    known = {transport.value: transport for transport in AuthenticatorTransport}
    return PublicKeyCredentialDescriptor(
        id=passkey.credential_id, transports=[known[name] for name in passkey.transports if name in known] or None
    )


def _challenge(purpose: str, binding: str, user_id: UUID | None) -> bytes:
    state = one_time_tokens.digest_of(binding)
    return one_time_tokens.issue(purpose, lifetime=LIFETIME, user_id=user_id, state=state).encode()


def _challenge_of(credential: AuthenticationCredential | RegistrationCredential) -> bytes:
    data = parse_client_data_json(credential.response.client_data_json)
    if data.cross_origin:
        raise WrongPasskey
    return data.challenge


def _take_challenge(
    credential: AuthenticationCredential | RegistrationCredential, purpose: str, binding: str
) -> OneTimeToken:
    """Use up the challenge that the answer names: of two who send the same answer, one is judged."""
    try:
        token = _challenge_of(credential).decode("ascii")
    except _UNREADABLE:
        raise WrongPasskey from None
    stored = one_time_tokens.use(token, purpose)
    if stored is None or stored.state != one_time_tokens.digest_of(binding):
        raise WrongPasskey
    return stored


def _read_answer(answer: str) -> AuthenticationCredential:
    try:
        return webauthn.helpers.parse_authentication_credential_json(answer)
    except _UNREADABLE:
        raise WrongPasskey from None


def _judge(credential: AuthenticationCredential, *, must_verify: bool) -> _Judged:
    party = relying_party()
    passkey = queries.find_passkey(credential.raw_id)
    user = db.session.get(User, passkey.user_id) if passkey else None
    if passkey is None or user is None:
        raise WrongPasskey
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=_challenge_of(credential),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=must_verify,
        )
    except _UNREADABLE as error:
        log.info("passkey refused", reason=type(error).__name__, user_id=str(user.id))
        raise WrongPasskey from None
    _check_counter(passkey, user, verified.new_sign_count)
    passkey.sign_count = verified.new_sign_count
    passkey.backed_up = verified.credential_backed_up
    passkey.last_used_at = now()
    db.session.flush()
    return _Judged(passkey, user)


def _check_counter(passkey: Passkey, user: User, count: int) -> None:
    """Refuse a passkey whose counter doesn't move on (WebAuthn, section 7.2, step 22): there may be two of it."""
    if count > passkey.sign_count or count == passkey.sign_count == 0:
        return
    details = {"name": passkey.name, "count": count, "before": passkey.sign_count}
    record_event(db.session, actor=user, action="passkey-copied", about=user, details=details)
    publish("user.passkey_refused", about=user, actor=None, name=passkey.name)
    log.warning("passkey refused", reason="counter", user_id=str(user.id))

    raise WrongPasskey("This passkey may have been copied. Sign in another way.")
