"""How much to withdraw, its confirmation, and what staff decide."""

from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from crowdfund.kernel.forms import Needed, PageForm, options
from crowdfund.kernel.i18n import _l
from crowdfund.payouts.rules import Outcome

_AGAIN = _l("Start again from your wallet.")
OUTCOMES = {
    Outcome.PAID: _l("The bank has paid it: the money is with the person."),
    Outcome.FAILED: _l("The bank has not paid it and will not: return the money to the wallet."),
}


class AmountForm(PageForm):
    """An amount; it is sent in the address and changes nothing."""

    class Meta:
        csrf = False

    amount = StringField(_l("Amount"), [Needed()])


class ConfirmForm(PageForm):
    """The checked amount; `key` makes a double click one withdrawal."""

    amount = HiddenField("amount", [InputRequired(_AGAIN), Length(max=40, message=_AGAIN)])
    key = HiddenField("key", [InputRequired(_AGAIN), Length(min=8, max=64, message=_AGAIN)])
    repeats = HiddenField("repeats", [Length(max=1, message=_AGAIN)])  # "1" after a warning


class ReasonForm(PageForm):
    """Why a withdrawal is rejected, or a difference needs no action."""

    reason = TextAreaField(_l("Reason"), [Needed()])


class SettleForm(PageForm):
    """How a withdrawal has ended, and how that is known."""

    outcome = RadioField(
        _l("What has happened?"),
        [Needed()],
        choices=options((str(one), text) for one, text in OUTCOMES.items()),
        validate_choice=False,
    )
    reason = TextAreaField(
        _l("How do you know?"), [Needed()], description=_l("Kept in the history."), id="how"
    )
