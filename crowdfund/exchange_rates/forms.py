"""What staff enter about exchange rates."""

from wtforms import BooleanField, SelectField, StringField

from crowdfund.kernel.forms import Needed, PageForm, options, reason_for_colleague
from crowdfund.kernel.i18n import _l
from crowdfund.kernel.money import DECIMALS


class RateForm(PageForm):
    """A rate, from which day on, where it comes from, and why."""

    token = SelectField(_l("Token"), [Needed()], validate_choice=False)
    currency = SelectField(
        _l("Currency"),
        [Needed()],
        choices=options((one, one) for one in DECIMALS),
        validate_choice=False,
    )
    rate = StringField(
        _l("Rate"),
        [Needed()],
        description=_l("What one token is worth in the currency, for example 155.25."),
    )
    from_on = StringField(
        _l("First day"),
        [Needed()],
        description=_l("Today or later. If the day has begun, it applies from the approval on."),
    )
    source = StringField(
        _l("Source"), [Needed()], description=_l("Who publishes the rate, as a name or an address.")
    )
    reason = reason_for_colleague()
    has_checked = BooleanField(
        _l("I have checked this rate"),
        description=_l("Required if it differs by more than a tenth from the rate on that day."),
    )
