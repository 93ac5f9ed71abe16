"""Forms about notices."""

from wtforms import SelectMultipleField

from crowdfund.kernel.forms import PageForm


class ChoicesForm(PageForm):
    """The ticked boxes of the table of kinds and channels; the view says which there are."""

    wanted = SelectMultipleField(choices=[])
