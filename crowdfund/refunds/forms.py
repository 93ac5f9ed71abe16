"""What becomes of every refund that comes."""

from wtforms import HiddenField

from crowdfund.kernel.forms import PageForm


class AlwaysForm(PageForm):
    """Whether refunds are sent back at once: `1` or `0`."""

    is_on = HiddenField("is_on")
