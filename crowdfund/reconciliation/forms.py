"""What staff write when a campaign is to follow its contract."""

from wtforms import HiddenField

from crowdfund.kernel.forms import PageForm, reason_for_colleague


class FollowForm(PageForm):
    """Why, and the fingerprint of the facts that were on the page."""

    reason = reason_for_colleague()
    fingerprint = HiddenField()
