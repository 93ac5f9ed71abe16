"""Forms of companies: the wizard's pages and the team."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField

from crowdfund.issuers.rules import bank as bank_rules
from crowdfund.issuers.rules import declarations, lists, officers, team
from crowdfund.kernel.forms import Needed, NeededWhen, PageForm, options
from crowdfund.kernel.i18n import _l
from crowdfund.kernel.regions import country_choices


class CompanyForm(PageForm):
    """Who the company is."""

    legal_name = StringField(
        _l("Legal name"), [Needed()], description=_l("As shown on the business licence.")
    )
    trade_name = StringField(
        _l("Trade name"), [Needed()], description=_l("The name that investors know.")
    )
    country = SelectField(_l("Country of registration"), [Needed()], validate_choice=False)
    registration_no = StringField(
        _l("Registration number"),
        [Needed()],
        description=_l("As on the licence, for example MT/AA/1/0012345/2015."),
    )
    tin = StringField(
        _l("Tax number (TIN)"),
        [Needed()],
        description=_l("Ethiopia: 10 digits, like 0012345678. India: PAN or GSTIN."),
    )
    sector = SelectField(
        _l("Sector"),
        [Needed()],
        choices=options(lists.SECTORS, _l("Choose a sector")),
        validate_choice=False,
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = options(country_choices())


class ContactsForm(PageForm):
    """Whom to ask, and where."""

    contact_name = StringField(
        _l("Contact person"), [Needed()], description=_l("First and last name.")
    )
    contact_email = StringField(
        _l("E-mail address"), [Needed()], description=_l("We write here about your company only.")
    )
    contact_phone = StringField(
        _l("Phone number"), [Needed()], description=_l("With country code, like +251 91 123 4567.")
    )
    street = StringField(
        _l("Street and house"), [Needed()], description=_l("Kebele or woreda too, if you have one.")
    )
    city = StringField(_l("Town or city"), [Needed()])
    region = StringField(_l("Region or state"))
    postal_code = StringField(_l("Postal code"))


class OfficerForm(PageForm):
    """One person who runs or owns the company."""

    name = StringField(
        _l("Full name"), [Needed()], description=_l("As in the passport or identity card.")
    )
    role = SelectField(
        _l("Role"),
        [Needed()],
        choices=options(officers.OFFICER_ROLES, _l("Choose a role")),
        validate_choice=False,
    )
    born_on = StringField(_l("Date of birth"), [Needed()])
    nationality = SelectField(_l("Nationality"), [Needed()], validate_choice=False)
    ownership_bps = StringField(
        _l("Share of the company"),
        [Needed()],
        description=_l("The percentage the person owns; 0 if none."),
    )
    is_beneficial_owner = BooleanField(
        _l("Beneficial owner: owns or controls 25 % or more of the company")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.nationality.choices = options(country_choices(), _l("Choose a country"))


class BankForm(PageForm):
    """Where the company is paid."""

    format = HiddenField()
    bank = SelectField(
        _l("Bank"),
        [Needed()],
        choices=options(bank_rules.BANK_CHOICES, _l("Choose a bank")),
        validate_choice=False,
    )
    ifsc = StringField(_l("IFSC"), [Needed()], description=_l("11 characters, like SBIN0001234."))
    number = StringField(
        _l("Account number"), [Needed()], description=_l("As shown in your bank book.")
    )
    iban = StringField(
        _l("IBAN"), [Needed()], description=_l("As on a bank statement; spaces are fine.")
    )
    holder = StringField(
        _l("Account holder"),
        [Needed()],
        description=_l("Your company by its legal name, as the bank knows it."),
    )


WALLET_CHOICES = {
    "own": _l("We have a company wallet"),
    "hold": _l("Use a custodial wallet"),
}


class WalletForm(PageForm):
    """Where a successful raise pays on chain."""

    choice = RadioField(
        _l("Which wallet should receive released funds?"),
        [Needed()],
        choices=options(WALLET_CHOICES),
        validate_choice=False,
    )
    wallet_address = StringField(
        _l("Company wallet address"),
        [NeededWhen(_l("(required if you have a company wallet)"))],
        description=_l(
            "42 characters from 0x, with its capital letters. Only if you have a wallet of your "
            "own."
        ),
    )


class DocumentForm(PageForm):
    """One document to upload; the label of the file is set to the kind's name."""

    kind = HiddenField()
    file = FileField(_l("File"), [Needed()])


class DeclarationForm(PageForm):
    """Someone confirms the answers, statement by statement."""


for _code, _text in declarations.STATEMENTS.items():
    setattr(DeclarationForm, _code, BooleanField(_text, [Needed()]))


FORMS: dict[str, type[FlaskForm]] = {
    "company": CompanyForm,
    "contacts": ContactsForm,
    "bank": BankForm,
    "wallet": WalletForm,
}


class InviteForm(PageForm):
    """Whom to invite, and as what."""

    email = StringField(
        _l("E-mail address"),
        [Needed()],
        description=_l("The link works only for this address, for seven days."),
    )
    role = SelectField(
        _l("Role"),
        [Needed()],
        choices=options(team.ROLE_NAMES),
        validate_choice=False,
        default=team.Role.VIEWER,
    )


class RoleForm(PageForm):
    """Another role for a member."""

    role = SelectField(
        _l("Role"), [Needed()], choices=options(team.ROLE_NAMES), validate_choice=False
    )
