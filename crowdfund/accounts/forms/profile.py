"""Forms for the profile."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class ProfileForm(FlaskForm):
    """Who the person is, as in the passport."""

    first_name = StringField("First name", [InputRequired("Enter your first name."), Length(max=80)])
    last_name = StringField("Last name", [InputRequired("Enter your last name."), Length(max=80)])
    phone = StringField("Mobile number", [InputRequired("Enter your mobile number."), Length(max=30)])
