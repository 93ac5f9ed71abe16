"""Forms of verification."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from crowdfund.compliance.rules import facts, nominees
from crowdfund.kernel.forms import Needed, NeededWhen, PageForm, options
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.regions import country_choices


def countries() -> list[SelectChoice]:
    """Return every country by its name in the reader's language, after an empty choice."""
    return options(country_choices(), _("Choose a country"))


class AboutForm(PageForm):
    """Who the person is."""

    legal_name = StringField(
        _l("Full legal name"),
        [Needed()],
        description=_l("All names, as in your identity document."),
    )
    born_on = StringField(_l("Date of birth"), [Needed()])
    nationality = SelectField(
        _l("Nationality"), [Needed()], choices=countries, validate_choice=False
    )


class AddressForm(PageForm):
    """Where the person lives."""

    street = StringField(_l("Street, house, sub-city"), [Needed()])
    city = StringField(_l("City or town"), [Needed()])
    region = StringField(_l("Region or state"))
    postal_code = StringField(_l("Postal code"))
    country = SelectField(_l("Country"), [Needed()], choices=countries, validate_choice=False)


class IdentityForm(PageForm):
    """Which identity document the person has."""

    id_kind = RadioField(
        _l("Which document do you have?"),
        [Needed()],
        choices=lambda: options(facts.IDENTITY_KINDS),
        validate_choice=False,
    )
    id_number = StringField(_l("Number of the document"), [Needed()])


FACT_FORMS: dict[str, type[FlaskForm]] = {
    "about": AboutForm,
    "address": AddressForm,
    "identity": IdentityForm,
}


class UploadForm(PageForm):
    """One file, and by how many degrees a picture is turned before it is stored."""

    upload = FileField(_l("File"), [Needed()])
    turn = HiddenField(default="0")


class DeclarationForm(PageForm):
    """The person confirms the answers."""

    declaration = BooleanField(
        _l("Everything above is true and complete, and the documents are mine."), [Needed()]
    )


class NomineeForm(PageForm):
    """A person who inherits a share."""

    full_name = StringField(
        _l("Full name"), [Needed()], description=_l("As in the nominee's identity document.")
    )
    relationship = SelectField(
        _l("How is the nominee related to you?"),
        [Needed()],
        choices=lambda: options(nominees.RELATIONSHIPS, _("Choose a relationship")),
        validate_choice=False,
    )
    born_on = StringField(_l("Date of birth"), [Needed()])
    contact = StringField(
        _l("E-mail address or phone number"),
        [Needed()],
        description=_l("A phone number with its country code, like +251 91 123 4567."),
    )
    share = StringField(
        _l("Share"),
        [Needed()],
        description=_l("In percent. The shares of all nominees must add up to 100."),
    )


class DocumentForm(PageForm):
    """The decision about one document or nominee."""

    decision = RadioField(
        _l("Decision"),
        [Needed()],
        choices=lambda: options({"accept": _("Accept"), "reject": _("Reject")}),
        validate_choice=False,
    )
    until = StringField(
        _l("Valid until"),
        [NeededWhen(_l("(required for a passport or driving licence)"))],
        description=_l("The expiry date printed on the document."),
    )
    is_endless = BooleanField(_l("The document shows no expiry date on any side"))
    reason = TextAreaField(
        _l("Reason"),
        [NeededWhen(_l("(required when you reject)"))],
        description=_l("The person will read this. At least 10 characters."),
    )


class LevelForm(PageForm):
    """Why a person's request is rejected, or a level revoked."""

    reason = TextAreaField(
        _l("What needs to be corrected?"),
        [Needed()],
        description=_l("The person will read this. At least 10 characters."),
    )


class RejectForm(PageForm):
    """Why a company, or a change of one, is rejected."""

    reason = TextAreaField(
        _l("What needs to be changed?"),
        [Needed()],
        description=_l("The owner will read this. At least 10 characters."),
    )


class StandingForm(PageForm):
    """Why a company is deactivated or reactivated."""

    reason = TextAreaField(
        _l("Why?"), [Needed()], description=_l("The team will read this. At least 10 characters.")
    )


class DocumentDecisionForm(PageForm):
    """A decision about one document: until when it is valid, or why it is rejected."""

    expires_on = StringField(
        _l("Valid until"), description=_l("The last day, if the document has one.")
    )
    reason = TextAreaField(
        _l("What is wrong with it?"),
        [NeededWhen(_l("(required when you reject)"))],
        description=_l("The owner will read this."),
    )
