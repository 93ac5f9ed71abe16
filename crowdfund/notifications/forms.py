"""Forms about notices."""

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField


class ChoicesForm(FlaskForm):
    """The ticked boxes of the table of kinds and channels; the view says which there are."""

    wanted = SelectMultipleField(choices=[])
