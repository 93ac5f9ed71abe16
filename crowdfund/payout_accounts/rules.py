"""Payout accounts: the bank account of each scheme, and its holder."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from crowdfund.kernel import bank_accounts
from crowdfund.kernel.bank_accounts import BankNumber
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import names, texts
from crowdfund.kernel.fields.names import Match
from crowdfund.kernel.i18n import _, _l

SCHEMES: dict[str, str] = {
    "et": _l("A bank in Ethiopia"),
    "in": _l("A bank in India"),
    "iban": _l("A bank with an IBAN (Europe, the Gulf and others)"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account whose number has the form that its scheme requires."""

    scheme: str
    country: str
    bank_code: str
    bank_name: str
    number: str
    holder: str

    @property
    def masked(self) -> str:
        """Return what pages show: the bank's country and the last four digits."""
        return f"{self.country} •••• {self.number[-4:]}"

    def as_payload(self) -> dict[str, Any]:
        """Return the account as a JSON object."""
        return asdict(self)


def account(scheme: str, *, bank: str, number: str, holder: str, person_name: str) -> Account:
    """Return a checked bank account of the person. Raises Invalid, which names the field."""
    match scheme:
        case "et":
            found = bank_accounts.ethiopian(bank.strip(), number)
        case "in":
            found = _at(bank_accounts.indian, bank, number, ifsc="bank")
        case "iban":
            found = _at(bank_accounts.iban, number, iban="number")
        case _:
            raise Invalid(_("Choose where your bank is."), field="scheme")
    return Account(
        scheme=scheme,
        country=found.country,
        bank_code=found.bank_code,
        bank_name=found.bank_name,
        number=found.number,
        holder=check_holder(holder, person_name),
    )


def _at(check: Callable[..., BankNumber], *typed: str, **fields: str) -> BankNumber:
    """Check the input; `fields` maps the field of a refusal to this form's own field."""
    try:
        return check(*typed)
    except Invalid as error:
        error.field = fields.get(error.field or "", error.field)
        raise


def check_holder(holder: str, person_name: str) -> str:
    """Return the holder's name if it is the person's; extra middle names pass. Raises Invalid.

    A name in another script passes too: who verifies the account compares it with the proof.
    """
    shown = texts.line(holder, "holder", _("Enter the name of the account's holder."), most=160)
    if names.compare_people(person_name, shown) is Match.OTHER:
        text = _("The account must be your own: its holder must be %(name)s.", name=person_name)
        raise Invalid(text, field="holder")
    return shown
