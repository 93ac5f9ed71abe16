"""Forms of a release."""

from wtforms import TextAreaField

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l


class PrepareForm(PageForm):
    """A note for the colleague who decides."""

    reason = TextAreaField(_l("Note for your colleague"))
