"""Forms for the payout account, one for each scheme."""

from flask_wtf import FlaskForm
from wtforms import Field, Form, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from crowdfund.kernel.bank_accounts import ETHIOPIAN_BANKS, plain
from crowdfund.kernel.forms import PageForm, options
from crowdfund.kernel.i18n import _, _l

_LONG = Length(max=60, message=_l("This is too long for an account number."))
_NUMBER = [InputRequired(_l("Enter the account number.")), _LONG]


class _SameNumber:
    """Require the number that was typed first; spaces, dashes and kinds of digits do not count."""

    def __call__(self, form: Form, field: Field) -> None:
        if plain(field.data or "") != plain(form["number"].data or ""):
            raise ValidationError(_("The two account numbers are not the same."))


class _Holder(PageForm):
    holder = StringField(
        _l("Account holder"),
        [
            InputRequired(_l("Enter the name of the account's holder.")),
            Length(max=160, message=_l("A name has at most 160 letters.")),
        ],
    )


class EthiopianForm(_Holder):
    """A bank from the list and an account number, typed twice because nothing else checks it."""

    bank = SelectField(
        _l("Bank"),
        [InputRequired(_l("Choose your bank."))],
        validate_choice=False,  # `rules.account` checks it
        choices=options(
            ((code, name) for code, name, *_digits in ETHIOPIAN_BANKS), _l("Choose your bank")
        ),
    )
    number = StringField(_l("Account number"), _NUMBER)
    again = StringField(
        _l("Account number again"),
        [InputRequired(_l("Enter the account number again.")), _SameNumber()],
    )


class IndianForm(_Holder):
    """IFSC and an account number, typed twice because nothing else checks it."""

    bank = StringField(
        _l("IFSC"),
        [
            InputRequired(_l("Enter the IFSC of your branch.")),
            Length(max=20, message=_l("An IFSC has eleven characters.")),
        ],
    )
    number = StringField(_l("Account number"), _NUMBER)
    again = StringField(
        _l("Account number again"),
        [InputRequired(_l("Enter the account number again.")), _SameNumber()],
    )


class IbanForm(_Holder):
    """An IBAN, which has check digits."""

    number = StringField(_l("IBAN"), [InputRequired(_l("Enter your IBAN.")), _LONG])


FORMS: dict[str, type[FlaskForm]] = {"et": EthiopianForm, "in": IndianForm, "iban": IbanForm}
