"""Forms for ways to sign in."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from ...i18n import _l


class AddressForm(FlaskForm):
    """An address that a person adds to the account."""

    identifier = StringField(
        _l("E-mail address or mobile number"),
        [
            InputRequired(_l("Enter an e-mail address or a mobile number.")),
            Length(max=254, message=_l("This is too long for an e-mail address or a mobile number.")),
        ],
    )
