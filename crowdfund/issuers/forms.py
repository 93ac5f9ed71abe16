"""Pages of the onboarding wizard as forms. What is allowed is decided by the rules, in the service."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, Field, Form, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from crowdfund import web
from crowdfund.errors import CrowdfundError

from . import rules


class Needed:
    """Marks a field as one that must be filled; the sentence about it comes from the rules."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept: the service judges."""


def put_errors(form: FlaskForm, error: CrowdfundError) -> None:
    """Show a refusal in its form: each sentence at the field it is about."""
    for name, sentence in getattr(error, "errors", {error.field: error.user_message}).items():
        if name and name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            web.put_error(form, CrowdfundError(sentence))


def options(choices: Mapping[str, str], empty: str | None = None) -> list[SelectChoice]:
    """Return the options of a list, led by an empty one if it has a text."""
    first = [SelectChoice("", empty)] if empty else []
    return first + [SelectChoice(value, label) for value, label in choices.items()]


class CompanyForm(FlaskForm):
    """Who the company is."""

    legal_name = StringField("Legal name", [Needed()], description="As it stands on the business licence.")
    trade_name = StringField("Trade name", [Needed()], description="The name that investors know.")
    registration_no = StringField(
        "Registration number", [Needed()], description="As on the licence, like MT/AA/1/0012345/2015."
    )
    country = SelectField(
        "Country of registration", [Needed()], choices=options(rules.COUNTRIES), validate_choice=False
    )
    tin = StringField("Tax number (TIN)", [Needed()], description="In Ethiopia: 10 digits, like 0012345678.")
    sector = SelectField(
        "Sector", [Needed()], choices=options(rules.SECTORS, "Choose a sector"), validate_choice=False
    )


class ContactsForm(FlaskForm):
    """Whom to ask, and where."""

    contact_name = StringField("Contact person", [Needed()], description="First and last name.")
    contact_email = StringField(
        "E-mail address", [Needed()], description="We write here about your company only."
    )
    contact_phone = StringField(
        "Phone number", [Needed()], description="With country code, like +251 91 123 4567."
    )
    address = TextAreaField("Business address", [Needed()], description="Street, town and region.")


WALLET_CHOICES = {
    "own": "We have a company wallet",
    "hold": "Let the platform hold one for now",
}


class WalletForm(FlaskForm):
    """Where a successful raise pays on chain."""

    choice = RadioField(
        "Which wallet should receive released funds?",
        [Needed()],
        choices=options(WALLET_CHOICES),
        validate_choice=False,
    )
    wallet_address = StringField(
        "Company wallet address",
        description="42 characters from 0x, with its capital letters. Only if you have a wallet of your own.",
    )


class MemorandumForm(FlaskForm):
    """The information memorandum."""

    memorandum = FileField("Information memorandum", [Needed()])


class DeclarationForm(FlaskForm):
    """The owner stands by the answers."""

    declaration = BooleanField(
        "I am allowed to act for this company, and everything above is true and complete.", [Needed()]
    )


FORMS: dict[str, type[FlaskForm]] = {
    "company": CompanyForm,
    "contacts": ContactsForm,
    "wallet": WalletForm,
    "memorandum": MemorandumForm,
}
