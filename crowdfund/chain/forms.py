"""Forms of the chain desk."""

from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from ..i18n import _l


class CloseForm(FlaskForm):
    """Why a failed write is not tried again."""

    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say why in at least 10 characters.")), Length(max=1000)],
        description=_l("It stays in the history of this write. At least 10 characters."),
    )
