"""A kind of notice: its text, group, channels, and an example."""

from dataclasses import dataclass, field
from typing import Any

from crowdfund.kernel.i18n import _l

CHANNELS = ("email", "sms")  # besides the person's own list, which has every notice
EMAIL = frozenset({"email"})
EVERY_CHANNEL = frozenset(CHANNELS)
LIST_ONLY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. `%(name)s` in a text is filled from the context by `rendering.values`.

    `facts` are the rows of its receipt, a label and the name of a value. A mandatory kind is sent
    by each of its channels to all verified addresses; any other by its channels unless the person
    has chosen otherwise.
    """

    title: str
    text: str
    group: str
    sample: dict[str, Any]
    mandatory: bool = False
    channels: frozenset[str] = field(default=EMAIL)
    action: str = field(default_factory=lambda: _l("Open the page"))
    path: str = "/notifications"  # of the example only: a notice brings its own
    facts: tuple[tuple[str, str], ...] = ()
    is_receipt: bool = False  # its facts are attached as a PDF, too


@dataclass(frozen=True, slots=True)
class Group:
    """A heading on the page of preferences."""

    title: str
    text: str
    is_for_staff: bool = False


GROUPS = {
    "security": Group(
        _l("Security of your account"),
        _l(
            "Sent to all your verified addresses, so that nobody can change your account without "
            "your knowledge."
        ),
    ),
    "identity": Group(
        _l("Your identity"), _l("The result of your identity check, and when it expires.")
    ),
    "money": Group(_l("Your investments and money"), _l("What happened to each amount you paid.")),
    "company": Group(_l("Your company"), _l("Its verification, its registration and its team.")),
    "campaign": Group(_l("Your campaigns"), _l("From the approval to the release of the money.")),
    "news": Group(
        _l("Updates and answers"),
        _l("What companies publish that you invested in, and what they answer you."),
    ),
    "followed": Group(
        _l("Campaigns you follow"), _l("Before the deadline, and when the result is known.")
    ),
    "staff": Group(
        _l("Staff desks"), _l("New work in the queues of your role."), is_for_staff=True
    ),
}

# General words for a value, where a kind is named without a notice: on the page of preferences.
ANY: dict[str, str] = {
    "campaign": _l("a campaign"),
    "company": _l("a company"),
    "member": _l("someone"),
    "nominee": _l("someone"),
}

# Words for the codes of a context. A kind's text names them like any other value.
WORDS: dict[str, dict[str, str]] = {
    "what": {
        "phone": _l("mobile number"),
        "email": _l("e-mail address"),
        "wallet": _l("wallet"),
        "payout_account": _l("payout account"),
        "bank_account": _l("bank account"),
        "company_bank_account": _l("bank account of your company"),
        "second_factor": _l("second factor"),
        "oidc": _l("sign-in with another provider"),
        "totp": _l("authenticator app"),
        "passkey": _l("passkey"),
    },
    "document": {
        "national_id": _l("national ID"),
        "passport": _l("passport"),
        "driving_licence": _l("driving licence"),
        "proof_of_address": _l("proof of address"),
        "pan": _l("PAN card"),
        "bank_proof": _l("bank proof"),
        "id_proof": _l("ID proof"),
        "business_licence": _l("business licence"),
        "tax_certificate": _l("tax certificate"),
        "incorporation": _l("certificate of incorporation"),
        "financial_statement": _l("financial statement"),
        "memorandum": _l("information memorandum"),
        "other": _l("document"),
    },
    "problem": {
        "too_little": _l("less than expected"),
        "too_much": _l("more than expected"),
        "late": _l("it arrived late"),
        "duplicate": _l("it is a second payment"),
        "wrong_currency": _l("another currency"),
        "unknown_reference": _l("we do not know what it is for"),
        "contradiction": _l("the bank's messages differ"),
    },
    "resolution": {
        "accept": _l("accepted"),
        "credit": _l("credited to your wallet"),
        "return": _l("returned to your bank"),
        "returning": _l("being returned to the account that paid"),
        "dismiss": _l("no action was needed"),
    },
}
