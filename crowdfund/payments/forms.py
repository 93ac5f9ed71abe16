"""What staff decide about an exception."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField

from .rules import Resolution

LABELS = {
    Resolution.ACCEPT: "Accept",
    Resolution.CREDIT: "Credit to the wallet",
    Resolution.RETURN: "Return to the payer",
    Resolution.DISMISS: "Nothing to do",
}


class ResolveForm(FlaskForm):
    """One of the resolutions that fit, and why."""

    resolution = RadioField("What should happen?", validate_choice=False)
    reason = TextAreaField("Why?", description="Kept in the history. Needed when nothing is to be done.")


def resolve_form(choices: tuple[Resolution, ...], **fields: Any) -> ResolveForm:  # noqa: ANN401
    """Return the form for an exception's choices, the proposal chosen."""
    form = ResolveForm(**fields)
    form.resolution.choices = [(str(one), LABELS[one]) for one in choices]
    if form.resolution.data is None and choices:
        form.resolution.data = str(choices[0])
    return form
