"""The form that puts money into a campaign."""

from wtforms import BooleanField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l
from crowdfund.payments.rules import TOKEN, WALLET

RAILS = [
    ("bill_bitts", _l("NEO Bank")),
    (WALLET, _l("Your wallet")),
    (TOKEN, _l("Tokens from your own wallet")),
]


_RELOAD = _l("Reload the page and try again.")


class InvestForm(PageForm):
    """Amount, rail and consent; `key` makes a double click one investment.

    `terms` is the version of the terms that the page has shown.
    """

    amount = StringField(_l("Amount"), [InputRequired(_l("Enter an amount.")), Length(max=40)])
    rail = RadioField(_l("How do you pay?"), choices=RAILS, default="bill_bitts")
    consent = BooleanField(_l("I have read and understood this risk warning."))
    terms = HiddenField("terms", [Length(max=10, message=_RELOAD)])
    replaces = HiddenField("replaces", [Length(max=32, message=_RELOAD)])
    key = HiddenField("key", [InputRequired(_RELOAD), Length(min=8, max=64, message=_RELOAD)])
