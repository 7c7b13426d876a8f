from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

_TOO_LONG = "This is too long."


class SignInForm(FlaskForm):  # type: ignore[misc]
    username = StringField(
        "User name or e-mail address",
        [InputRequired("Write your user name or e-mail address."), Length(max=254, message=_TOO_LONG)],
    )
    password = PasswordField("Password", [InputRequired("Write your password."), Length(max=1024, message=_TOO_LONG)])
    next = HiddenField()
    kept = HiddenField()


class ProofForm(FlaskForm):  # type: ignore[misc]
    """A proof besides the first one, or once more: a code, a password, or what a passkey answered."""

    otp = StringField("Code", [Length(max=64, message=_TOO_LONG)])
    password = PasswordField("Password", [Length(max=1024, message=_TOO_LONG)])
    credential = HiddenField(validators=[Length(max=20_000, message=_TOO_LONG)])
    next = HiddenField()
    kept = HiddenField()
