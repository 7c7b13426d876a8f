"""Second factors as they are once their owner has set them up."""

from typing import Any

import pyotp

from app.auth.mfa import operations
from app.auth.mfa import queries as mfa
from app.auth.mfa.models import TwoFactor
from app.core.clock import now
from app.extensions import db
from app.identity.models import User


class AuthenticatorApp:
    """An authenticator app, and the recovery codes that came with it."""

    def __init__(self, secret: str, recovery_codes: list[str]) -> None:
        self.secret = secret
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        """The code of this moment, or of so many steps later."""
        return str(pyotp.TOTP(self.secret).at(int(now().timestamp()) + 30 * steps))


def make_two_factor(user: User, **values: Any) -> AuthenticatorApp:
    """Two-factor sign-in that was turned on a while ago: no code of now has been used."""
    told = operations.begin_app(user, actor=user)
    code = pyotp.TOTP(told.secret).at(int(now().timestamp()))
    codes = operations.confirm_app(user, code, session=None, actor=user)
    app = mfa.app_of(user.id)
    assert isinstance(app, TwoFactor)
    app.last_step = None
    for name, value in values.items():
        setattr(app, name, value)
    db.session.commit()
    return AuthenticatorApp(told.secret, codes)
