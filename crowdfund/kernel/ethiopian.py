"""The Ethiopian calendar: twelve months of 30 days, then Pagume of 5 or 6; pure.

Years count from Amete Mihret, as `ዓ.ም.` says. A leap year is one that leaves 3 when divided by 4,
without exception. Babel and `datetime` do not know this calendar.
"""

from datetime import date
from typing import NamedTuple

_YEAR_0 = 2_431  # ordinal of 1 Meskerem of the year 0; that of the year 1 is 29 August 8, Julian
_FOUR_YEARS = 4 * 365 + 1

# Names as in CLDR, in English spelled as Ethiopians do.
_MONTHS = {
    "en": "Meskerem Tikimt Hidar Tahsas Tir Yekatit Megabit Miyazya Ginbot Sene Hamle Nehase "
    "Pagume",
    "am": "መስከረም ጥቅምት ኅዳር ታኅሣሥ ጥር የካቲት መጋቢት ሚያዝያ ግንቦት ሰኔ ሐምሌ ነሐሴ ጳጉሜን",
    "hi": "मेस्केरेम टेकेम्ट हेदर तहसास टर येकाटिट मेगाबिट मियाज़िया गनबोट सेन हम्ले नेहासे पागूमन",
}
_FORMS = {"en": "{} {} {} EC", "am": "{1} {0} ቀን {2} ዓ.ም.", "hi": "{} {} {} इथियोपियाई"}


class EthiopianDate(NamedTuple):
    """A day of the Ethiopian calendar; the month is 1 to 13."""

    year: int
    month: int
    day: int


def from_gregorian(value: date) -> EthiopianDate:
    """Return the Ethiopian date of a day; the year before 1 is 0."""
    cycles, left = divmod(value.toordinal() - _YEAR_0, _FOUR_YEARS)
    years = min(left // 365, 3)  # the 366th day of the last year is still of that year
    month, day = divmod(left - years * 365, 30)
    return EthiopianDate(4 * cycles + years, month + 1, day + 1)


def written(value: date, language: str) -> str:
    """Return the Ethiopian date of a day as a language writes it, in English if it is not ours."""
    year, month, day = from_gregorian(value)
    name = _MONTHS.get(language, _MONTHS["en"]).split()[month - 1]
    return _FORMS.get(language, _FORMS["en"]).format(day, name, year)
