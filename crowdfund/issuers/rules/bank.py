"""Where a company is paid: an IBAN, an Ethiopian or an Indian account; parsed, masked; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from crowdfund.kernel import bank_accounts
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import names, texts
from crowdfund.kernel.fields.collecting import Values
from crowdfund.kernel.fields.names import Match
from crowdfund.kernel.i18n import _, _l

FORMATS: Mapping[str, str] = {
    "ET": _l("Account at an Ethiopian bank"),
    "IN": _l("Account at an Indian bank (IFSC)"),
    "IBAN": _l("IBAN, in any other country"),
}
OTHER = "other"  # a bank that the table does not know
BANK_CHOICES: Mapping[str, str] = {
    **{code: name for code, name, _lengths in bank_accounts.ETHIOPIAN_BANKS},
    OTHER: _l("Another bank in Ethiopia"),
}


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account that passed its checks; `number` is stored sealed and never shown whole."""

    format: str
    bank: str
    number: str
    holder: str

    @property
    def masked(self) -> str:
        """Return what may be shown: the bank and the last four characters."""
        return f"{self.bank} ···· {self.number[-4:]}"


def parse_account(values: Values, legal_name: str | None) -> BankAccount:
    """Return the account that was typed. Raises InvalidFields-like Invalid at its field.

    The holder must be the company itself: money never goes to someone else's account.
    """
    kind = texts.choice(
        values.get("format"), "format", _("Choose a kind of account from the list."), FORMATS
    )
    bank, number = _PARSERS[kind](values)
    holder = parse_holder(values.get("holder"), legal_name)
    return BankAccount(kind, bank, number, holder)


def parse_holder(text: object, legal_name: str | None) -> str:
    """Return the account holder, who must be the company by its legal name. Raises Invalid.

    A name in another script passes: who verifies the company compares it with the documents.
    """
    holder = texts.line(text, "holder", _("Enter the account holder."))
    if not legal_name:
        raise Invalid(
            _("Fill in the company details first: the holder must be the company."), field="holder"
        )
    if names.compare_companies(legal_name, holder) is Match.OTHER:
        raise Invalid(
            _("The holder must be the company by its legal name: %(name)s.", name=legal_name),
            field="holder",
        )
    return holder


def _ethiopian(values: Values) -> tuple[str, str]:
    code = texts.choice(
        values.get("bank"), "bank", _("Choose the bank from the list."), BANK_CHOICES
    )
    typed = str(values.get("number") or "")
    if code != OTHER:
        found = bank_accounts.ethiopian(code, typed)
        return found.bank_name, found.number
    number = bank_accounts.only_digits(typed)
    if not 8 <= len(number) <= 17:
        raise Invalid(
            _("Enter the account number of %(digits)s digits, as on the bank book.", digits="8–17"),
            field="number",
        )
    return "Another bank in Ethiopia", number


def _indian(values: Values) -> tuple[str, str]:
    found = bank_accounts.indian(str(values.get("ifsc") or ""), str(values.get("number") or ""))
    return found.bank_code, found.number


def _iban(values: Values) -> tuple[str, str]:
    found = bank_accounts.iban(str(values.get("iban") or ""))
    return found.bank_name or found.country, found.number


_PARSERS = {"ET": _ethiopian, "IN": _indian, "IBAN": _iban}
