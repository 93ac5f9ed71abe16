"""Forms for signing in."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length


class EmailForm(FlaskForm):
    """Where the code goes."""

    email = StringField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])


class CodeForm(FlaskForm):
    """The six digits from the e-mail."""

    code = StringField(
        "Six-digit code", [InputRequired("Enter the six digits from the e-mail."), Length(max=20)]
    )
