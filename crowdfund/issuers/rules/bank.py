"""Where a company is paid: an IBAN, an Ethiopian or an Indian account; parsed, shown masked; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crowdfund.issuers.rules import words
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _, _l

FORMATS: Mapping[str, str] = {
    "ET": _l("Account at an Ethiopian bank"),
    "IN": _l("Account at an Indian bank (IFSC)"),
    "IBAN": _l("IBAN, in any other country"),
}
# Digits of an account number at each bank that takes part in the national switch.
ETHIOPIAN_BANKS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "CBE": ("Commercial Bank of Ethiopia", (13,)),
    "AWASH": ("Awash Bank", (14, 17)),
    "DASHEN": ("Dashen Bank", (13, 16)),
    "ABYSSINIA": ("Bank of Abyssinia", (8, 9)),
    "WEGAGEN": ("Wegagen Bank", (13, 16)),
    "HIBRET": ("Hibret Bank", (16,)),
    "NIB": ("Nib International Bank", (13, 16)),
    "COOP": ("Cooperative Bank of Oromia", (13, 16)),
    "ZEMEN": ("Zemen Bank", (16,)),
    "OROMIA": ("Oromia Bank", (12, 13)),
    "BERHAN": ("Berhan Bank", (13, 16)),
    "ABAY": ("Abay Bank", (16,)),
    "BUNNA": ("Bunna Bank", (13, 16)),
    "AMHARA": ("Amhara Bank", (13, 16)),
    "OTHER": ("Another bank in Ethiopia", tuple(range(8, 18))),
}
BANK_CHOICES: Mapping[str, str] = {code: name for code, (name, _digits) in ETHIOPIAN_BANKS.items()}
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}", re.ASCII)
_INDIAN_NUMBER = re.compile(r"[0-9]{9,18}", re.ASCII)


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


def parse_account(values: words.Values, legal_name: str | None) -> BankAccount:
    """Return the account that was typed. Raises InvalidFields-like Invalid at its field.

    The holder must be the company itself: money never goes to somebody else's account.
    """
    kind = words.pick(values.get("format"), "format", _("a kind of account"), FORMATS)
    bank, number = _PARSERS[kind](values)
    holder = parse_holder(values.get("holder"), legal_name)
    return BankAccount(kind, bank, number, holder)


def parse_holder(text: object, legal_name: str | None) -> str:
    """Return the account holder, who must be the company by its legal name. Raises Invalid."""
    holder = words.line(text, "holder", _("the account holder"))
    if not legal_name:
        raise Invalid(_("Fill in the company details first: the holder must be the company."), field="holder")
    if _bare(holder) != _bare(legal_name):
        raise Invalid(
            _("The holder must be the company by its legal name: %(name)s.", name=legal_name), field="holder"
        )
    return holder


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _digits(text: object) -> str:
    return re.sub(r"[ -]", "", str(text or "").strip())


def _ethiopian(values: words.Values) -> tuple[str, str]:
    code = words.pick(values.get("bank"), "bank", _("the bank"), BANK_CHOICES)
    name, lengths = ETHIOPIAN_BANKS[code]
    number = _digits(values.get("number"))
    if not re.fullmatch(r"[0-9]+", number, re.ASCII) or len(number) not in lengths or not int(number):
        shown = f"{lengths[0]}–{lengths[-1]}" if len(lengths) > 2 else " / ".join(map(str, lengths))
        raise Invalid(
            _("Enter the account number of %(digits)s digits, as on the bank book.", digits=shown),
            field="number",
        )
    return name, number


def _indian(values: words.Values) -> tuple[str, str]:
    ifsc = str(values.get("ifsc") or "").strip().upper()
    if not _IFSC.fullmatch(ifsc):
        raise Invalid(
            _("Enter the IFSC as 11 characters, like SBIN0001234: the fifth is a zero."), field="ifsc"
        )
    number = _digits(values.get("number"))
    if not _INDIAN_NUMBER.fullmatch(number) or not int(number):
        raise Invalid(_("Enter the account number as 9 to 18 digits."), field="number")
    return ifsc, number


def _iban(values: words.Values) -> tuple[str, str]:
    from schwifty import IBAN  # noqa: PLC0415 - its list of banks takes 1 MB and 15 ms; few enter an IBAN
    from schwifty.exceptions import SchwiftyException  # noqa: PLC0415

    problem = _("Enter the IBAN as on a bank statement. One of its characters is wrong or missing.")
    try:
        iban = IBAN(str(values.get("iban") or "")[:64], validate_bban=True)
    except (SchwiftyException, ValueError) as error:
        raise Invalid(problem, field="iban") from error
    return str(iban.bank_name or iban.country_code), str(iban)


_PARSERS = {"ET": _ethiopian, "IN": _indian, "IBAN": _iban}
