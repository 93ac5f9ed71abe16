"""Forms of user management."""

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from crowdfund.admin.rules import KIND_LABELS, ROLE_LABELS
from crowdfund.kernel.forms import NeededWhen, PageForm, options
from crowdfund.kernel.i18n import _l

_SAID = InputRequired(_l("Give a reason in a sentence. It stays in the history."))


class ReasonForm(PageForm):
    """Why something is done to someone's account."""

    reason = TextAreaField(_l("Reason"), [_SAID, Length(max=500)])


class RequestForm(PageForm):
    """What one admin asks another to confirm."""

    kind = RadioField(
        _l("What should be done?"), [InputRequired(_l("Choose what should be done."))],
        choices=options(KIND_LABELS),
    )  # fmt: skip
    role = SelectField(
        _l("Role"),
        [NeededWhen(_l("(required for a change of roles)"))],
        choices=options(ROLE_LABELS, _l("Choose a role")),
        validate_choice=False,
    )
    # beside the other form's
    reason = TextAreaField(_l("Reason"), [_SAID, Length(max=500)], id="ask-reason")
