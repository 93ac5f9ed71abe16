"""A person's own pages as forms. What is allowed is decided by the rules, in the service."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, StringField

from ...i18n import _, _l
from .. import rules
from .shared import Needed, countries, options


class AboutForm(FlaskForm):
    """Who the person is."""

    legal_name = StringField(
        _l("Full legal name"), [Needed()], description=_l("All names, as in your identity document.")
    )
    born_on = StringField(_l("Date of birth"), [Needed()])
    nationality = SelectField(_l("Nationality"), [Needed()], choices=countries, validate_choice=False)


class AddressForm(FlaskForm):
    """Where the person lives."""

    street = StringField(_l("Street, house, sub-city"), [Needed()])
    city = StringField(_l("City or town"), [Needed()])
    region = StringField(_l("Region or state"))
    postal_code = StringField(_l("Postal code"))
    country = SelectField(_l("Country"), [Needed()], choices=countries, validate_choice=False)


class IdentityForm(FlaskForm):
    """Which identity document the person has."""

    id_kind = RadioField(
        _l("Which document do you have?"),
        [Needed()],
        choices=lambda: options(rules.IDENTITY_KINDS),
        validate_choice=False,
    )
    id_number = StringField(_l("Number of the document"), [Needed()])


FACT_FORMS: dict[str, type[FlaskForm]] = {
    "about": AboutForm,
    "address": AddressForm,
    "identity": IdentityForm,
}


class UploadForm(FlaskForm):
    """One file."""

    upload = FileField(_l("File"), [Needed()])


class DeclarationForm(FlaskForm):
    """The person stands by the answers."""

    declaration = BooleanField(
        _l("Everything above is true and complete, and the documents are mine."), [Needed()]
    )


class NomineeForm(FlaskForm):
    """Somebody who gets a part after the person's death."""

    full_name = StringField(
        _l("Full name"), [Needed()], description=_l("As in the nominee's identity document.")
    )
    relationship = SelectField(
        _l("How is the nominee related to you?"),
        [Needed()],
        choices=lambda: options(rules.nominees.RELATIONSHIPS, _("Choose a relationship")),
        validate_choice=False,
    )
    born_on = StringField(_l("Date of birth"), [Needed()])
    contact = StringField(
        _l("E-mail address or phone number"),
        [Needed()],
        description=_l("A phone number with its country code, like +251 91 123 4567."),
    )
    share = StringField(
        _l("Share"), [Needed()], description=_l("In percent. The shares of all nominees together are 100.")
    )


class ActionForm(FlaskForm):
    """A button; the form guards it against forged requests."""
