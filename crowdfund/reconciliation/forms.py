"""What staff write when a campaign is to follow its contract."""

from wtforms import HiddenField, TextAreaField

from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l


class FollowForm(PageForm):
    """Why, and the fingerprint of the facts that were on the page."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l(
            "Your colleague will read this, and it stays in the history. At least 10 characters."
        ),
    )
    fingerprint = HiddenField()


class ReasonForm(PageForm):
    """Why a request is refused."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("Your colleague will read this. At least 10 characters."),
    )
