"""What a reviewer of people enters."""

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField

from ...i18n import _, _l
from .shared import Needed, options


class PaperForm(FlaskForm):
    """The decision about one document or nominee."""

    decision = RadioField(
        _l("Decision"),
        [Needed()],
        choices=lambda: options({"accept": _("Accept"), "reject": _("Reject")}),
        validate_choice=False,
    )
    until = StringField(_l("Valid until"), description=_l("The expiry date printed on the document, if any."))
    reason = TextAreaField(_l("Reason"), description=_l("Only to reject. The person reads this."))


class LevelForm(FlaskForm):
    """Why a person's request goes back, or a level is taken away."""

    reason = TextAreaField(
        _l("What has to be put right?"),
        [Needed()],
        description=_l("The person reads this. At least 10 characters."),
    )
