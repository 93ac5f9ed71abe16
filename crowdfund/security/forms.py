"""Forms of the second factor."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import _l


class AppCodeForm(PageForm):
    """The six digits that an authenticator app shows."""

    code = StringField(
        _l("Code from your authenticator app"),
        [
            InputRequired(_l("Enter the six digits that the app shows.")),
            Length(max=20, message=_l("A code has six digits.")),
        ],
    )


class RecoveryCodeForm(PageForm):
    """One of the recovery codes."""

    code = StringField(
        _l("Recovery code"),
        [
            InputRequired(_l("Enter one of your recovery codes.")),
            Length(max=40, message=_l("A recovery code has twelve letters and digits.")),
        ],
    )


class PasskeyForm(PageForm):
    """What the browser sends for a device; filled by passkey.js."""

    challenge_id = HiddenField("", [InputRequired(_l("The passkey did not answer. Try again."))])
    credential = HiddenField(
        "",
        [
            InputRequired(_l("The passkey did not answer. Try again.")),
            Length(max=20_000, message=_l("The passkey did not answer. Try again.")),
        ],
    )


class NewPasskeyForm(PasskeyForm):
    """A passkey with the name that its person gives it."""

    name = StringField(
        _l("Name of the passkey"),
        [
            InputRequired(_l("Give the passkey a name, like “My phone”.")),
            Length(max=60, message=_l("Give the passkey a name of at most 60 characters.")),
        ],
    )
