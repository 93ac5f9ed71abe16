"""Forms of user management."""

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from crowdfund.admin.rules import KIND_LABELS, ROLE_LABELS
from crowdfund.kernel.forms import NeededWhen, PageForm, options
from crowdfund.kernel.i18n import _l

_REASON_NEEDED = InputRequired(_l("Give a reason in a sentence. It stays in the history."))


class ReasonForm(PageForm):
    """The reason for an action on an account."""

    reason = TextAreaField(_l("Reason"), [_REASON_NEEDED, Length(max=500)])


class RequestForm(PageForm):
    """A request that another admin has to confirm."""

    kind = RadioField(
        _l("What should be done?"),
        [InputRequired(_l("Choose what should be done."))],
        choices=options(KIND_LABELS),
    )
    role = SelectField(
        _l("Role"),
        [NeededWhen(_l("(required for a change of roles)"))],
        choices=options(ROLE_LABELS, _l("Choose a role")),
        validate_choice=False,
    )
    # An id of its own: the page also holds a ReasonForm.
    reason = TextAreaField(_l("Reason"), [_REASON_NEEDED, Length(max=500)], id="ask-reason")
