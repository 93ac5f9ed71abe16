"""Forms for signing in."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from ...i18n import _l


class SignInForm(FlaskForm):
    """Where the code goes, and who invited a newcomer."""

    identifier = StringField(
        _l("E-mail address or mobile number"),
        [
            InputRequired(_l("Enter your e-mail address or mobile number.")),
            Length(max=254, message=_l("This is too long for an e-mail address or a mobile number.")),
        ],
    )
    referral = StringField(
        _l("Invitation code"),
        [Length(max=20, message=_l("An invitation code has eight letters and digits."))],
    )


class CodeForm(FlaskForm):
    """The digits from the message."""

    code = StringField(
        _l("Six-digit code"),
        [
            InputRequired(_l("Enter the code from the message.")),
            Length(max=40, message=_l("Enter the code from the message, nothing else.")),
        ],
    )
