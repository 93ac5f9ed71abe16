"""The countries that people choose from, by ISO 3166 code and in the order of their language."""

from functools import lru_cache

from babel import Locale

from crowdfund.kernel.i18n import language, locale, sort_key

# Those that have phone numbers: leaves out regions, test codes and uninhabited islands. Written
# out, because the list that phonenumbers has comes with all its rules, at the start of every
# process.
_CODES = """
AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
BS BT BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC
EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB
LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY
MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS
RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL
TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
REGIONS = frozenset(_CODES.split())


def country_name(code: str | None) -> str:
    """Return a country's name in the language in force; empty for none."""
    names = locale().territories
    if code in REGIONS and code not in names:
        names = Locale("en").territories
    return str(names.get(code or "", ""))


def country_choices() -> dict[str, str]:
    """Return every country by code, in the order of its name in the language in force."""
    return dict(_choices(language()))


@lru_cache(maxsize=8)
def _choices(_language: str) -> dict[str, str]:
    return sorted_names({code: country_name(code) for code in REGIONS})


def sorted_names(names: dict[str, str]) -> dict[str, str]:
    """Return names by key in the order of the language: Åland is not behind Zimbabwe."""
    return dict(sorted(names.items(), key=lambda item: sort_key(item[1])))
