"""Payout accounts: what a bank account looks like in each scheme, and whose it has to be."""

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _, _l

SCHEMES: dict[str, str] = {
    "et": _l("A bank in Ethiopia"),
    "in": _l("A bank in India"),
    "iban": _l("A bank with an IBAN (Europe, the Gulf and others)"),
}
# (code, name, digits of an account number: fewest, most). Lengths as the banks print them.
ETHIOPIAN_BANKS: tuple[tuple[str, str, int, int], ...] = (
    ("cbe", "Commercial Bank of Ethiopia", 13, 13),
    ("abay", "Abay Bank", 16, 16),
    ("addis", "Addis International Bank", 15, 15),
    ("ahadu", "Ahadu Bank", 10, 10),
    ("amhara", "Amhara Bank", 10, 16),
    ("awash", "Awash Bank", 13, 14),
    ("boa", "Bank of Abyssinia", 8, 9),
    ("berhan", "Berhan Bank", 13, 13),
    ("bunna", "Bunna Bank", 10, 16),
    ("coop", "Cooperative Bank of Oromia", 12, 13),
    ("dashen", "Dashen Bank", 13, 13),
    ("enat", "Enat Bank", 10, 16),
    ("gadaa", "Gadaa Bank", 10, 16),
    ("global", "Global Bank Ethiopia", 13, 13),
    ("goh", "Goh Betoch Bank", 10, 16),
    ("hibret", "Hibret Bank", 16, 16),
    ("hijra", "Hijra Bank", 10, 16),
    ("lion", "Lion International Bank", 9, 11),
    ("nib", "Nib International Bank", 13, 13),
    ("oromia", "Oromia Bank", 12, 13),
    ("rammis", "Rammis Bank", 10, 16),
    ("shabelle", "Shabelle Bank", 10, 16),
    ("siinqee", "Siinqee Bank", 10, 16),
    ("sidama", "Sidama Bank", 10, 16),
    ("tsedey", "Tsedey Bank", 10, 16),
    ("tsehay", "Tsehay Bank", 10, 16),
    ("wegagen", "Wegagen Bank", 13, 13),
    ("zamzam", "ZamZam Bank", 10, 16),
    ("zemen", "Zemen Bank", 16, 16),
)
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account that was checked as far as a number can be checked."""

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
        """Return it as JSON can hold it."""
        return asdict(self)


def account(scheme: str, *, bank: str, number: str, holder: str, person_name: str) -> Account:
    """Return a checked bank account of the person. Raises Invalid, which names the field."""
    checked = {"et": _ethiopian, "in": _indian, "iban": _iban}.get(scheme)
    if checked is None:
        raise Invalid(_("Choose where your bank is."), field="scheme")
    code, name, plain, country = checked(bank.strip(), re.sub(r"[\s-]", "", number).upper())
    return Account(scheme, country, code, name, plain, check_holder(holder, person_name))


def check_holder(holder: str, person_name: str) -> str:
    """Return the holder's name if it is the person's; a middle name more is fine. Raises Invalid."""
    shown = " ".join(holder.split())
    if not shown or len(shown) > 160 or not shown.isprintable():
        raise Invalid(_("Enter the name of the account's holder."), field="holder")
    wanted, given = _words(person_name), _words(shown)
    if not wanted or not wanted <= given or len(given) > len(wanted) + 3:
        raise Invalid(
            _("The account must be your own: its holder must be %(name)s.", name=person_name), field="holder"
        )
    return shown


def _words(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark) or ord(mark) > 0x36F)
    return set(re.split(r"[\s.,'’-]+", letters)) - {""}


def _ethiopian(bank: str, number: str) -> tuple[str, str, str, str]:
    for code, name, fewest, most in ETHIOPIAN_BANKS:
        if code != bank:
            continue
        if not re.fullmatch(r"[0-9]+", number) or not fewest <= len(number) <= most:
            lengths = str(most) if fewest == most else f"{fewest}–{most}"
            sentence = _("An account number at %(bank)s has %(digits)s digits.", bank=name, digits=lengths)
            raise Invalid(sentence, field="number")
        return code, name, number, "ET"
    raise Invalid(_("Choose your bank."), field="bank")


def _indian(bank: str, number: str) -> tuple[str, str, str, str]:
    code = bank.replace(" ", "").upper()
    if not _IFSC.fullmatch(code):
        raise Invalid(_("Enter the IFSC of your branch: eleven characters, like SBIN0001234."), field="bank")
    if not re.fullmatch(r"[0-9]{9,18}", number):
        raise Invalid(_("An account number in India has 9 to 18 digits."), field="number")
    return code, "", number, "IN"


def _iban(_bank: str, number: str) -> tuple[str, str, str, str]:
    import schwifty  # noqa: PLC0415 - its list of banks takes 1 MB and 15 ms; few enter an IBAN

    try:
        found = schwifty.IBAN(number, validate_bban=True)
    except ValueError as error:
        raise Invalid(
            _("This is not a valid IBAN. Check it, digit by digit, on your bank statement."), field="number"
        ) from error
    return found.bank_code or "", found.bank_name or "", str(found), found.country_code
