from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

_TOO_LONG = "This is too long."


class CodeForm(FlaskForm):  # type: ignore[misc]
    """What wants a code of the app, or a recovery code."""

    otp = StringField("Code", [InputRequired("Write the code."), Length(max=64, message=_TOO_LONG)])
    result: Any = None


class PasskeyNameForm(FlaskForm):  # type: ignore[misc]
    name = StringField(
        "Name", [InputRequired("Give the passkey a name."), Length(max=60, message="Use 60 characters at most.")]
    )


class NewPasskeyForm(PasskeyNameForm):
    credential = HiddenField(validators=[Length(max=20_000, message=_TOO_LONG)])
