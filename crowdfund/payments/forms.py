"""What staff decide about an exception."""

from typing import Any

from wtforms import RadioField, TextAreaField

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l
from crowdfund.payments.rules import Kind, Resolution

LABELS = {
    Resolution.ACCEPT: _l("Accept"),
    Resolution.CREDIT: _l("Credit to the wallet"),
    Resolution.RETURN: _l("Return to the payer"),
    Resolution.DISMISS: _l("No action needed"),
}

# What the fixed reasons of an exception say; any other reason holds facts and is shown as it was written.
EXPLAINED = {
    Kind.LATE: _l("The money arrived after the payment had ended."),
    Kind.TOO_LITTLE: _l("We received less than expected."),
    Kind.TOO_MUCH: _l("We received more than expected."),
    Kind.WRONG_CURRENCY: _l("We received another currency than expected."),
    Kind.UNKNOWN_REFERENCE: _l("We received money in a transaction that belongs to no payment."),
}


class ResolveForm(PageForm):
    """One of the resolutions that fit, and why."""

    resolution = RadioField(_l("What should happen?"), validate_choice=False)
    reason = TextAreaField(
        _l("Why?"), description=_l("Kept in the history. Required if no action is needed.")
    )


def resolve_form(choices: tuple[Resolution, ...], **fields: Any) -> ResolveForm:  # noqa: ANN401
    """Return the form for an exception's choices, the proposal chosen."""
    form = ResolveForm(**fields)
    form.resolution.choices = [(str(one), LABELS[one]) for one in choices]
    if form.resolution.data is None and choices:
        form.resolution.data = str(choices[0])
    return form
