"""Forms for signing in and for the profile."""

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length


class EmailForm(FlaskForm):
    """Where the code goes."""

    email = StringField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=254)])


class CodeForm(FlaskForm):
    """The six digits from the e-mail."""

    code = StringField(
        "Six-digit code", [InputRequired("Enter the six digits from the e-mail."), Length(max=20)]
    )


class ProfileForm(FlaskForm):
    """Who the person is, as in the passport."""

    first_name = StringField("First name", [InputRequired("Enter your first name."), Length(max=80)])
    last_name = StringField("Last name", [InputRequired("Enter your last name."), Length(max=80)])
    phone = StringField("Mobile number", [InputRequired("Enter your mobile number."), Length(max=30)])


class ReviewForm(FlaskForm):
    """A reviewer's decision."""

    decision = RadioField(
        "Decision", [InputRequired("Choose approve or reject.")],
        choices=[("approve", "Approve"), ("reject", "Reject")],
    )  # fmt: skip
    reason = TextAreaField("Reason (the person reads this)", [Length(max=500)])
