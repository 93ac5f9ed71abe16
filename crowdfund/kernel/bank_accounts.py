"""Account numbers at banks: one table for everyone who pays or is paid, people and companies; pure.

The lengths are those that banks print and payment providers publish (state of August 2024). Where
two sources differ, both lengths are taken: a right number that is refused cannot be helped by its
owner, a wrong one comes back from the bank.
"""

import re
from dataclasses import dataclass

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.i18n import _

# Code, name, and how many digits an account number has there.
ETHIOPIAN_BANKS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("cbe", "Commercial Bank of Ethiopia", (13,)),
    ("abay", "Abay Bank", (16,)),
    ("addis", "Addis International Bank", (15,)),
    ("ahadu", "Ahadu Bank", (10,)),
    ("amhara", "Amhara Bank", tuple(range(10, 17))),
    ("awash", "Awash Bank", (13, 14, 17)),
    ("boa", "Bank of Abyssinia", (8, 9)),
    ("berhan", "Berhan Bank", (13, 16)),
    ("bunna", "Bunna Bank", tuple(range(10, 17))),
    ("coop", "Cooperative Bank of Oromia", (12, 13, 16)),
    ("dashen", "Dashen Bank", (13, 16)),
    ("enat", "Enat Bank", tuple(range(10, 17))),
    ("gadaa", "Gadaa Bank", tuple(range(10, 17))),
    ("global", "Global Bank Ethiopia", (13,)),
    ("goh", "Goh Betoch Bank", tuple(range(10, 17))),
    ("hibret", "Hibret Bank", (16,)),
    ("hijra", "Hijra Bank", tuple(range(10, 17))),
    ("lion", "Lion International Bank", (9, 10, 11)),
    ("nib", "Nib International Bank", (13, 16)),
    ("oromia", "Oromia Bank", (12, 13)),
    ("rammis", "Rammis Bank", tuple(range(10, 17))),
    ("shabelle", "Shabelle Bank", tuple(range(10, 17))),
    ("siinqee", "Siinqee Bank", tuple(range(10, 17))),
    ("sidama", "Sidama Bank", tuple(range(10, 17))),
    ("tsedey", "Tsedey Bank", tuple(range(10, 17))),
    ("tsehay", "Tsehay Bank", tuple(range(10, 17))),
    ("wegagen", "Wegagen Bank", (13, 16)),
    ("zamzam", "ZamZam Bank", tuple(range(10, 17))),
    ("zemen", "Zemen Bank", (16,)),
)
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BankNumber:
    """A bank account with a number of a valid form; `number` is in its normal form."""

    country: str
    bank_code: str
    bank_name: str
    number: str


def plain(text: str) -> str:
    """Return a number as typed or printed without spaces and dashes, in capitals.

    Digits of any script and full-width letters become ASCII.
    """
    return re.sub(r"[\s-]", "", plain_characters(text)).upper()


def ethiopian(bank: str, number: str) -> BankNumber:
    """Return an account at a bank of the table. Raises Invalid at `bank` or `number`."""
    found = next((one for one in ETHIOPIAN_BANKS if one[0] == bank), None)
    if found is None:
        raise Invalid(_("Choose your bank."), field="bank")
    code, name, lengths = found
    digits = only_digits(number)
    if len(digits) not in lengths:
        sentence = _(
            "An account number at %(bank)s has %(digits)s digits. You entered %(count)s.",
            bank=name,
            digits=_shown(lengths),
            count=len(digits),
        )
        raise Invalid(sentence, field="number")
    return BankNumber("ET", code, name, digits)


def indian(ifsc: str, number: str) -> BankNumber:
    """Return an account at a branch in India. Raises Invalid at `ifsc` or `number`."""
    code = plain(ifsc)
    if not _IFSC.fullmatch(code):
        raise Invalid(
            _("Enter the IFSC of your branch: eleven characters, like SBIN0001234."), field="ifsc"
        )
    digits = only_digits(number)
    if not 9 <= len(digits) <= 18:
        sentence = _(
            "An account number in India has 9 to 18 digits. You entered %(count)s.",
            count=len(digits),
        )
        raise Invalid(sentence, field="number")
    return BankNumber("IN", code, "", digits)


def iban(text: str) -> BankNumber:
    """Return an account by its IBAN, with or without the word “IBAN”. Raises Invalid at `iban`."""
    import schwifty  # 1 MB and 15 ms, and few enter an IBAN

    try:
        found = schwifty.IBAN(plain(text[:64]).removeprefix("IBAN"), validate_bban=True)
    except (ValueError, schwifty.exceptions.SchwiftyException) as error:
        raise Invalid(
            _("This is not a valid IBAN. Check it, digit by digit, on your bank statement."),
            field="iban",
        ) from error
    return BankNumber(found.country_code, found.bank_code or "", found.bank_name or "", str(found))


def only_digits(number: str) -> str:
    """Return an account number that is digits alone, in plain form. Raises Invalid at `number`."""
    digits = plain(number)
    if wrong := re.search(r"[^0-9]", digits):
        sentence = _("An account number has only digits. Remove “%(mark)s”.", mark=wrong[0])
        raise Invalid(sentence, field="number")
    if digits and not digits.strip("0"):
        raise Invalid(_("An account number cannot be all zeros."), field="number")
    return digits


def _shown(lengths: tuple[int, ...]) -> str:
    if len(lengths) > 1 and lengths == tuple(range(lengths[0], lengths[-1] + 1)):
        return f"{lengths[0]}–{lengths[-1]}"
    return " / ".join(map(str, lengths))
