"""What a reviewer writes."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField

from crowdfund.issuers.forms import Needed


class RejectForm(FlaskForm):
    """Why a company goes back to its owner."""

    reason = TextAreaField(
        "What has to be changed?", [Needed()], description="The owner reads this. At least 10 characters."
    )


class ApproveForm(FlaskForm):
    """A button; the form guards it against forged requests."""
