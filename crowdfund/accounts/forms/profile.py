"""Forms for the profile."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from ...i18n import LANGUAGES, _l


class ProfileForm(FlaskForm):
    """Who the person is, as in the passport."""

    first_name = StringField(
        _l("First name"),
        [InputRequired(_l("Enter your first name.")), Length(max=80, message=_l("At most 80 letters."))],
    )
    last_name = StringField(
        _l("Last name"),
        [InputRequired(_l("Enter your last name.")), Length(max=80, message=_l("At most 80 letters."))],
    )
    phone = StringField(
        _l("Mobile number"),
        [
            InputRequired(_l("Enter your mobile number.")),
            Length(max=30, message=_l("This is too long for a mobile number.")),
        ],
    )
    language = SelectField(
        _l("Language of pages and messages"),
        choices=[
            SelectChoice("", _l("As my browser says")),
            *(SelectChoice(code, name) for code, name in LANGUAGES.items()),
        ],
        default="",
    )
