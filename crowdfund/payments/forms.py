"""What staff decide about an exception: first a choice, then a confirmation."""

from collections.abc import Mapping

from wtforms import HiddenField, RadioField, StringField, TextAreaField

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _, _l
from crowdfund.payments.rules import Kind, Resolution

LABELS = {
    Resolution.ACCEPT: _l("Accept the payment"),
    Resolution.CREDIT: _l("Credit to the wallet"),
    Resolution.RETURN: _l("Return to the payer"),
    Resolution.BY_HAND: _l("Returned by hand"),
    Resolution.DISMISS: _l("No action needed"),
}

QUESTIONS = {
    Resolution.ACCEPT: _l("Accept this payment?"),
    Resolution.CREDIT: _l("Credit the money to the wallet?"),
    Resolution.RETURN: _l("Return the money to the payer?"),
    Resolution.BY_HAND: _l("Have you sent this money back at the bank?"),
    Resolution.DISMISS: _l("Close without action?"),
}

# The fixed reasons of an exception; any other reason holds facts and is shown as it was written.
EXPLAINED: Mapping[str, str] = {
    Kind.LATE: _l("The money arrived after the payment had ended."),
    Kind.TOO_LITTLE: _l("We received less than expected."),
    Kind.TOO_MUCH: _l("We received more than expected."),
    Kind.WRONG_CURRENCY: _l("We received another currency than expected."),
    Kind.UNKNOWN_REFERENCE: _l("We received money in a transaction that belongs to no payment."),
}


class ChoiceForm(PageForm):
    """One of the resolutions that fit; it is sent in the address and changes nothing."""

    class Meta:
        csrf = False

    resolution = RadioField(_l("What should happen?"), validate_choice=False)


class ConfirmForm(PageForm):
    """The chosen resolution, and why."""

    resolution = HiddenField()
    reference = StringField(
        _l("Reference of the bank"),
        description=_l("What the bank calls the transfer. It is stored with the decision."),
    )
    reason = TextAreaField(_l("Reason"), description=_l("Kept in the history."))


def choice_form(choices: tuple[Resolution, ...]) -> ChoiceForm:
    """Return the form for an exception's choices; nothing is chosen, the proposal is only named."""
    form = ChoiceForm()
    form.resolution.choices = [(str(one), LABELS[one]) for one in choices]
    return form


def confirm_form(resolution: Resolution) -> ConfirmForm:
    """Return the form that confirms a resolution.

    Only doing nothing needs a reason, and only a return by hand the reference of the bank.
    """
    form = ConfirmForm()
    form.resolution.data = str(resolution)
    if resolution is Resolution.BY_HAND:
        form.reference.flags.required = True
    else:
        del form.reference
    if resolution is Resolution.DISMISS:
        form.reason.label.text = _("Why is no action needed?")
        form.reason.flags.required = True
    return form


def effect(kind: str, resolution: Resolution) -> str:
    """Return what a resolution means besides the money that it moves."""
    if resolution is Resolution.DISMISS:
        return _("No money moves and nothing changes for the person.")
    if kind == Kind.WEBHOOK_MISSING:
        return _(
            "We ask the gateway again. If it confirms, the payment continues as if its webhook had "
            "arrived."
        )
    if resolution is Resolution.RETURN:
        return _(
            "The gateway sends the money back to the account that paid. If that fails, the money "
            "is held again and you decide again. The person is notified."
        )
    if resolution is Resolution.BY_HAND:
        return _(
            "Only after you have sent the money back at the bank yourself: nothing is sent from "
            "here. The person is notified."
        )
    if resolution is Resolution.ACCEPT:
        return _("The payment counts as made. The person is notified.")
    if kind in (Kind.DUPLICATE, Kind.UNKNOWN_REFERENCE):
        return _("Other payments of the person stay as they are. The person is notified.")
    return _("The payment does not count for what it was made for. The person is notified.")
