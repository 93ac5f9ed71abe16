"""What staff decide about an exception."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField

from ..i18n import _l
from .rules import Resolution

LABELS = {
    Resolution.ACCEPT: _l("Accept"),
    Resolution.CREDIT: _l("Credit to the wallet"),
    Resolution.RETURN: _l("Return to the payer"),
    Resolution.DISMISS: _l("Nothing to do"),
}


class ResolveForm(FlaskForm):
    """One of the resolutions that fit, and why."""

    resolution = RadioField(_l("What should happen?"), validate_choice=False)
    reason = TextAreaField(
        _l("Why?"), description=_l("Kept in the history. Needed when nothing is to be done.")
    )


def resolve_form(choices: tuple[Resolution, ...], **fields: Any) -> ResolveForm:  # noqa: ANN401
    """Return the form for an exception's choices, the proposal chosen."""
    form = ResolveForm(**fields)
    form.resolution.choices = [(str(one), LABELS[one]) for one in choices]
    if form.resolution.data is None and choices:
        form.resolution.data = str(choices[0])
    return form
