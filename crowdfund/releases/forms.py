"""Forms of a release."""

from wtforms import TextAreaField

from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l


class PrepareForm(PageForm):
    """A note for the colleague who decides."""

    reason = TextAreaField(_l("Note for your colleague"))


class RefusalForm(PageForm):
    """Why a release that a colleague has prepared is refused."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("Your colleague will read this. At least 10 characters."),
    )
