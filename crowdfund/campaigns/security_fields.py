"""Form fields of loans and revenue shares, for drafts and for changed terms."""

from wtforms import RadioField, StringField

from crowdfund.campaigns.rules import securities
from crowdfund.kernel.forms import Needed, PageForm, options
from crowdfund.kernel.i18n import _l


class LoanFields(PageForm):
    """The terms of a loan."""

    interest_bps = StringField(_l("Interest rate a year"), [Needed()])
    term_months = StringField(_l("Term of the loan"), [Needed()])
    repayment = RadioField(
        _l("How is the loan repaid?"),
        [Needed()],
        choices=options(securities.REPAYMENTS),
        validate_choice=False,
    )


class RevenueFields(PageForm):
    """The terms of a revenue share; a limit, a term, or both."""

    revenue_bps = StringField(_l("Part of the revenue for all investors together"), [Needed()])
    cap_bps = StringField(_l("Limit for all payments"))
    term_months = StringField(_l("Term"))
