"""Forms about notices."""

from wtforms import SelectMultipleField

from crowdfund.kernel.forms import PageForm


class ChoicesForm(PageForm):
    """The checked boxes of the table of kinds and channels; the view sets the choices."""

    wanted = SelectMultipleField(choices=[])
