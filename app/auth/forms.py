from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):  # type: ignore[misc]
    username = StringField(
        "User name or e-mail address",
        [InputRequired("Write your user name or e-mail address."), Length(max=254, message="This is too long.")],
    )
    password = PasswordField(
        "Password", [InputRequired("Write your password."), Length(max=1024, message="This is too long.")]
    )
    next = HiddenField()
    kept = HiddenField()
