"""Forms of sign-in by provider and wallet; what they carry is judged by the service."""

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from ...i18n import _l

_BROKEN = _l("The wallet's answer is incomplete. Nothing was changed. Try again.")


class ConfirmForm(FlaskForm):
    """A button: what it confirms stands in the session."""


class WalletForm(FlaskForm):
    """The signed text as hexadecimal digits (a form would change its line ends), and the signature."""

    request_id = HiddenField("", [InputRequired(_BROKEN), Length(max=64, message=_BROKEN)])
    text = HiddenField("", [InputRequired(_BROKEN), Length(max=8000, message=_BROKEN)])
    signature = HiddenField("", [InputRequired(_BROKEN), Length(max=20_000, message=_BROKEN)])

    def signed_bytes(self) -> bytes:
        """Return the text that was signed; what is not hexadecimal is no text of ours."""
        try:
            return bytes.fromhex(self.text.data)
        except ValueError:
            return b""
