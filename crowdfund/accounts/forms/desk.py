"""Forms of the desk that verifies people."""

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length


class ReviewForm(FlaskForm):
    """A reviewer's decision."""

    decision = RadioField(
        "Decision", [InputRequired("Choose approve or reject.")],
        choices=[("approve", "Approve"), ("reject", "Reject")],
    )  # fmt: skip
    reason = TextAreaField("Reason (the person reads this)", [Length(max=500)])
