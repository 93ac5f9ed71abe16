"""Forms of the chain desk: writes that are closed, and what one admin asks another to confirm."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from ..i18n import _l

ROLE_LABELS = {
    "recorder": _l("Recorder: notes settled payments"),
    "operator": _l("Operator: makes, closes and releases campaigns, admits investors"),
    "admin": _l("Admin: pauses and gives out the roles"),
}
KIND_LABELS = {
    "pause": _l("Stop new money"),
    "unpause": _l("Let new money in again"),
    "revoke": _l("Take the roles from a key"),
    "rotate": _l("Replace a key"),
    "raise_cap": _l("Raise the recorder's cap of today"),
    "redirect": _l("Redirect a release"),
}
EXPLAINED = {
    "pause": _l(
        "No investment and no record comes in, on any campaign. Refunds, closings and releases go on. "
        "Payments that settle meanwhile wait, and are recorded when you let money in again."
    ),
    "unpause": _l("Investments and records come in again; what has waited is recorded."),
    "revoke": _l(
        "For a key that has leaked. If the platform signs with it, its writes wait until the key is replaced."
    ),
    "rotate": _l(
        "A new key is made, gets the roles and signs from then on; then the old one loses them. What the old "
        "key has under way is finished or queued again. A new key is never shown."
    ),
    "raise_cap": _l(
        "The recorder may record so much more today, until midnight UTC. Check first that a bank has "
        "settled it."
    ),
}
_REASON = InputRequired(_l("Say why in 5 to 500 characters. It stays in the history."))


class AskForm(FlaskForm):
    """What is asked for; each kind shows the fields that it needs (`FIELDS`)."""

    role = SelectField(
        _l("Role"),
        choices=[
            SelectChoice("", _l("Choose a role")),
            *(SelectChoice(role, label) for role, label in ROLE_LABELS.items()),
        ],
    )
    address = StringField(_l("Address of the key that loses the roles"))
    new_address = StringField(
        _l("Address of the new key"),
        description=_l(
            "Only if the platform's key comes from the environment: make the new key yourself, outside. "
            "Else leave it empty, and a key is made here."
        ),
    )
    amount = StringField(_l("Amount"))
    reason = TextAreaField(
        _l("Reason"),
        [_REASON, Length(max=500)],
        description=_l("The second admin reads this. It stays in the history."),
    )


class RefuseForm(FlaskForm):
    """Why a request is declined."""

    reason = TextAreaField(_l("Reason"), [_REASON, Length(max=500)])


FIELDS = {
    "pause": (),
    "unpause": (),
    "revoke": ("role", "address"),
    "rotate": ("role", "new_address"),
    "raise_cap": ("amount",),
}


class CloseForm(FlaskForm):
    """Why a failed write is not tried again."""

    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say why in at least 10 characters.")), Length(max=1000)],
        description=_l("It stays in the history of this write. At least 10 characters."),
    )
