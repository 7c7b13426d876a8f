"""What changes a person's second factors, and what uses them up."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from app.auth.errors import TwoFactorOff, TwoFactorOn, WrongOtp, WrongProof
from app.auth.mfa import codes, queries
from app.auth.mfa.models import Passkey, RecoveryCode, TwoFactor
from app.core.audit import Actor, audit_as, record_event
from app.core.clock import now
from app.core.events import publish
from app.extensions import db
from app.identity.models import User, UserSession

CODE_IS_WRONG = "This code is wrong, or was used before. Wait for the next one, and try that."


@dataclass(frozen=True)
class AppToAdd:
    """What an authenticator app is told, this once."""

    secret: str
    otpauth_uri: str


def begin_app(user: User, *, actor: Actor) -> AppToAdd:
    """Make a secret for the user's authenticator app; until a first code confirms it, it counts for nothing and can be
    made anew. Raises TwoFactorOn."""
    audit_as(db.session, actor=actor, action="begin-two-factor")
    _hold(user)
    app = queries.app_of(user.id, for_update=True)
    if app is not None and app.confirmed_at is not None:
        raise TwoFactorOn
    if app is None:
        app = TwoFactor(user_id=user.id)
        db.session.add(app)
    app.secret = codes.new_secret()
    app.created_at = now()
    db.session.flush()
    return to_add(app, user)


def to_add(app: TwoFactor, user: User) -> AppToAdd:
    """What an app that isn't confirmed yet is to be told."""
    return AppToAdd(app.secret, codes.otpauth_uri(app.secret, user.email))


def confirm_app(user: User, otp: str, *, session: UserSession | None, actor: Actor) -> list[str]:
    """Turn two-factor sign-in on with a first code; the recovery codes, which nobody can be told again.

    Other sign-ins go on. `session`, the one that it is done in, counts as proved by it. Raises TwoFactorOff where none
    was begun, TwoFactorOn, or WrongProof.
    """
    audit_as(db.session, actor=actor, action="turn-on-two-factor")
    app = queries.app_of(user.id, for_update=True)
    if app is None:
        raise TwoFactorOff
    if app.confirmed_at is not None:
        raise TwoFactorOn
    _spend_step(app, otp)
    app.confirmed_at = now()
    made = _replace_codes(user)
    note_proof(session, "otp")
    record_event(db.session, actor=actor, action="two-factor-on", about=user)
    publish("user.two_factor_enabled", about=user, actor=actor)
    return made


def replace_codes(user: User, otp: str, *, actor: Actor) -> list[str]:
    """Make new recovery codes; the earlier ones are good for nothing. Raises TwoFactorOff or WrongProof."""
    audit_as(db.session, actor=actor, action="replace-recovery-codes")
    _spend(user, otp)
    made = _replace_codes(user)
    record_event(db.session, actor=actor, action="recovery-codes-replaced", about=user)
    return made


def turn_off_app(user: User, otp: str, *, actor: Actor) -> None:
    """Turn two-factor sign-in off, with a code or a recovery code. Raises TwoFactorOff or WrongProof."""
    audit_as(db.session, actor=actor, action="turn-off-two-factor")
    _remove_app(_spend(user, otp), user, actor)


def remove_factors(user: User, *, actor: Actor) -> None:
    """Take every second factor from a user who has lost them: the app, its recovery codes, the passkeys.

    For staff who know whom they have before them; the user is told.
    """
    audit_as(db.session, actor=actor, action="remove-factors")
    app = queries.app_of(user.id, for_update=True)
    if app is not None:
        _remove_app(app, user, actor)
    for passkey in queries.passkeys_of(user.id):
        remove_passkey(user, passkey, actor=actor)


def use_code(user: User, otp: str) -> str:
    """Use up a code of the user's app, or a recovery code; `otp` or `recovery-code`, whichever it was. Raises WrongOtp.

    Of many who bring the same code at once, one gets in: the app's row is held meanwhile.
    """
    app = queries.app_of(user.id, for_update=True)
    if app is None or app.confirmed_at is None:
        raise WrongOtp
    if codes.is_of_app(otp):
        step = codes.step_of(app.secret, otp, after=app.last_step)
        if step is None:
            raise WrongOtp
        app.last_step = step
        db.session.flush()
        return "otp"
    _use_recovery_code(user, otp)
    return "recovery-code"


def are_codes_of(user: User, given: list[str]) -> bool:
    """Whether all of them are the user's, and unused."""
    wanted = {codes.hashes_of(code, user.id)[0] for code in given}
    unused = select(RecoveryCode.code_hash).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return bool(wanted) and wanted <= {bytes(known) for known in db.session.scalars(unused)}


def add_passkey(user: User, passkey: Passkey, *, session: UserSession | None, actor: Actor) -> None:
    """Keep a passkey that has been verified. `session`, the one that it is done in, counts as proved by it."""
    audit_as(db.session, actor=actor, action="add-passkey")
    db.session.add(passkey)
    db.session.flush()
    note_proof(session, "passkey")
    record_event(db.session, actor=actor, action="passkey-added", about=user, details={"name": passkey.name})
    publish("user.passkey_added", about=user, actor=actor, name=passkey.name)


def rename_passkey(user: User, passkey: Passkey, name: str, *, actor: Actor) -> None:
    audit_as(db.session, actor=actor, action="rename-passkey")
    if passkey.name != name:
        details = {"name": name, "before": passkey.name}
        passkey.name = name
        record_event(db.session, actor=actor, action="passkey-renamed", about=user, details=details)


def remove_passkey(user: User, passkey: Passkey, *, actor: Actor) -> None:
    """Let the passkey open nothing from now on; the user is told."""
    audit_as(db.session, actor=actor, action="remove-passkey")
    db.session.delete(passkey)
    db.session.flush()
    record_event(db.session, actor=actor, action="passkey-removed", about=user, details={"name": passkey.name})
    publish("user.passkey_removed", about=user, actor=actor, name=passkey.name)


def note_proof(session: UserSession | None, method: str) -> None:
    """Note that the person of that sign-in has just proved to be it, by that method too."""
    if session is None:
        return
    session.confirmed_at = now()
    if method not in session.methods:
        session.methods = [*session.methods, method]
    db.session.flush()


def _hold(user: User) -> None:
    """Let changes to one person's factors happen one after the other, where there is no row of theirs to hold yet."""
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))


def _spend(user: User, otp: str) -> TwoFactor:
    app = queries.app_of(user.id, for_update=True)
    if app is None or app.confirmed_at is None:
        raise TwoFactorOff
    try:
        use_code(user, otp)
    except WrongOtp:
        raise _wrong() from None
    return app


def _spend_step(app: TwoFactor, otp: str) -> None:
    step = codes.step_of(app.secret, otp, after=app.last_step)
    if step is None:
        raise _wrong()
    app.last_step = step


def _wrong() -> WrongProof:
    return WrongProof("otp", CODE_IS_WRONG)


def _use_recovery_code(user: User, code: str) -> None:
    theirs = RecoveryCode.code_hash.in_(codes.hashes_of(code, user.id))
    unused = (RecoveryCode.user_id == user.id, theirs, RecoveryCode.used_at.is_(None))
    used = update(RecoveryCode).where(*unused).values(used_at=now()).returning(RecoveryCode.id)
    if db.session.scalars(used).first() is None:
        raise WrongOtp
    left = queries.codes_left(user.id)
    record_event(db.session, actor=user, action="recovery-code-used", about=user, details={"left": left})
    publish("user.recovery_code_used", about=user, actor=user, left=left)


def _replace_codes(user: User) -> list[str]:
    made = codes.new_recovery_codes()
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    hashes = [codes.hashes_of(code, user.id)[0] for code in made]
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=code_hash) for code_hash in hashes)
    db.session.flush()
    return made


def _remove_app(app: TwoFactor, user: User, actor: Actor) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    db.session.delete(app)
    db.session.flush()
    if app.confirmed_at is None:
        return
    record_event(db.session, actor=actor, action="two-factor-off", about=user)
    publish("user.two_factor_disabled", about=user, actor=actor)
