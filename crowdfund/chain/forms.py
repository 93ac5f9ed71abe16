"""Forms of the chain desk: writes that are closed, and what one admin asks another to confirm."""

from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l

ROLE_LABELS = {
    "recorder": _l("Recorder: records settled payments"),
    "operator": _l("Operator: creates, closes and releases campaigns, admits investors"),
    "admin": _l("Admin: pauses, and assigns the roles"),
}
KIND_LABELS = {
    "pause": _l("Pause new investments"),
    "unpause": _l("End the pause"),
    "revoke": _l("Remove the roles of a key"),
    "rotate": _l("Replace a key"),
    "raise_cap": _l("Raise today's recording limit"),
    "redirect": _l("Redirect a release"),
}
EXPLAINED = {
    "pause": _l(
        "No campaign accepts investments. Refunds, closings and releases continue. Payments that "
        "settle "
        "during the pause wait, and are recorded when it ends."
    ),
    "unpause": _l("Campaigns accept investments again, and payments that waited are recorded."),
    "revoke": _l(
        "For a key that has leaked. If the platform signs with this key, its transactions wait "
        "until the key "
        "is replaced."
    ),
    "rotate": _l(
        "A new key is created, receives the roles and signs from then on. Then the old key loses "
        "them; its "
        "unfinished transactions are completed or queued again. A new key is never shown."
    ),
    "raise_cap": _l(
        "The recorder may record this much more today, until midnight UTC. First check that a bank "
        "has "
        "settled the money."
    ),
}
_REASON = InputRequired(_l("Say why in 5 to 500 characters. It stays in the history."))


class AskForm(PageForm):
    """What is asked for; each kind shows the fields that it needs (`FIELDS`)."""

    role = SelectField(
        _l("Role"),
        choices=[
            SelectChoice("", _l("Choose a role")),
            *(SelectChoice(role, label) for role, label in ROLE_LABELS.items()),
        ],
    )
    address = StringField(_l("Address of the key that loses its roles"))
    new_address = StringField(
        _l("Address of the new key"),
        description=_l(
            "Only needed if the platform's key is set in its environment: then create the new key "
            "yourself. "
            "Otherwise leave this empty and a key is created here."
        ),
    )
    amount = StringField(_l("Amount"))
    reason = TextAreaField(
        _l("Reason"),
        [_REASON, Length(max=500)],
        description=_l("The second admin reads this. It stays in the history."),
    )


class RefuseForm(PageForm):
    """Why a request is declined."""

    reason = TextAreaField(_l("Reason"), [_REASON, Length(max=500)])


OPTIONAL = {"new_address"}  # where a form has the field at all
FIELDS = {
    "pause": (),
    "unpause": (),
    "revoke": ("role", "address"),
    "rotate": ("role", "new_address"),
    "raise_cap": ("amount",),
}


class CloseForm(PageForm):
    """Why a failed write is not tried again."""

    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say why in at least 10 characters.")), Length(max=1000)],
        description=_l("It stays in the history of this write. At least 10 characters."),
    )
