"""Forms of signing in and of the profile."""

from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from crowdfund.kernel.forms import PageForm
from crowdfund.kernel.i18n import LANGUAGES, _l


class SignInForm(PageForm):
    """The address for the code, and a newcomer's invitation code."""

    identifier = StringField(
        _l("E-mail address or mobile number"),
        [
            InputRequired(_l("Enter your e-mail address or mobile number.")),
            Length(
                max=254, message=_l("This is too long for an e-mail address or a mobile number.")
            ),
        ],
    )
    referral = StringField(
        _l("Invitation code"),
        [Length(max=20, message=_l("An invitation code has eight letters and digits."))],
    )


class CodeForm(PageForm):
    """The digits from the message."""

    code = StringField(
        _l("Six-digit code"),
        [
            InputRequired(_l("Enter the code from the message.")),
            Length(max=40, message=_l("Enter the code from the message, nothing else.")),
        ],
    )


class ProfileForm(PageForm):
    """The person's name, as in the passport, and number."""

    first_name = StringField(
        _l("First name"),
        [
            InputRequired(_l("Enter your first name.")),
            Length(max=80, message=_l("At most 80 letters.")),
        ],
    )
    last_name = StringField(
        _l("Last name"),
        [Length(max=80, message=_l("At most 80 letters."))],
        description=_l("Leave it empty if you have only one name."),
    )
    phone = StringField(
        _l("Mobile number"),
        [
            InputRequired(_l("Enter your mobile number.")),
            Length(max=30, message=_l("This is too long for a mobile number.")),
        ],
    )


class LanguageForm(PageForm):
    """The language of pages and messages, and the calendar of their dates."""

    language = SelectField(
        _l("Language of pages and messages"),
        choices=[
            SelectChoice("", _l("Same as my browser")),
            *(SelectChoice(code, name) for code, name in LANGUAGES.items()),
        ],
        default="",
    )
    calendar = SelectField(
        _l("Calendar of dates"),
        choices=[
            SelectChoice("", _l("As usual in the language")),
            SelectChoice("gregorian", _l("Gregorian calendar")),
            SelectChoice("ethiopian", _l("Ethiopian calendar")),
            SelectChoice("both", _l("Both calendars")),
        ],
        default="",
    )


class AddressForm(PageForm):
    """An address that a person adds to the account."""

    identifier = StringField(
        _l("E-mail address or mobile number"),
        [
            InputRequired(_l("Enter an e-mail address or a mobile number.")),
            Length(
                max=254, message=_l("This is too long for an e-mail address or a mobile number.")
            ),
        ],
    )


_BROKEN = _l("The wallet's answer is incomplete. Nothing was changed. Try again.")


class ConfirmForm(PageForm):
    """A button that confirms what is in the session."""


_UNANSWERED = _l("The passkey did not answer. Try again.")


class PasskeySignInForm(PageForm):
    """What the browser sends for a device; filled by passkey.js."""

    challenge_id = HiddenField("", [InputRequired(_UNANSWERED)])
    credential = HiddenField(
        "", [InputRequired(_UNANSWERED), Length(max=20_000, message=_UNANSWERED)]
    )


class WalletForm(PageForm):
    """The signed text as hexadecimal digits (forms change line ends), and the signature."""

    request_id = HiddenField("", [InputRequired(_BROKEN), Length(max=64, message=_BROKEN)])
    text = HiddenField("", [InputRequired(_BROKEN), Length(max=8000, message=_BROKEN)])
    signature = HiddenField("", [InputRequired(_BROKEN), Length(max=20_000, message=_BROKEN)])

    def signed_bytes(self) -> bytes:
        """Return the text that was signed; empty if it is not hexadecimal."""
        try:
            return bytes.fromhex(self.text.data)
        except ValueError:
            return b""
