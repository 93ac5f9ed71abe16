"""What a reviewer of companies writes."""

from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField

from crowdfund.i18n import _l
from crowdfund.issuers.forms import Needed


class RejectForm(FlaskForm):
    """Why a company, or a change of one, goes back to its owner."""

    reason = TextAreaField(
        _l("What has to be changed?"),
        [Needed()],
        description=_l("The owner reads this. At least 10 characters."),
    )


class StandingForm(FlaskForm):
    """Why a company is deactivated or active again."""

    reason = TextAreaField(
        _l("Why?"), [Needed()], description=_l("The team reads this. At least 10 characters.")
    )


class PaperDecisionForm(FlaskForm):
    """A decision about one paper: until when it is good, or why not."""

    expires_on = StringField(_l("Good until"), description=_l("The last day, if the paper has one."))
    reason = TextAreaField(_l("What is wrong with it?"), description=_l("The owner reads this."))


class ApproveForm(FlaskForm):
    """A button; the form guards it against forged requests."""
