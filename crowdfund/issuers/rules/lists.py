"""The lists that people choose from: sectors and countries, named in the reader's language."""

from collections.abc import Mapping

from babel import Locale

from crowdfund.i18n import _l, locale
from crowdfund.regions import REGIONS

SECTORS: Mapping[str, str] = {
    "agriculture": _l("Agriculture and food"),
    "construction": _l("Construction and housing"),
    "education": _l("Education"),
    "energy": _l("Energy and water"),
    "finance": _l("Finance"),
    "health": _l("Health"),
    "manufacturing": _l("Manufacturing"),
    "retail": _l("Trade and retail"),
    "technology": _l("Technology"),
    "tourism": _l("Tourism and culture"),
    "transport": _l("Transport and logistics"),
    "other": _l("Other"),
}

# Countries that have phone numbers: leaves out regions, test codes and uninhabited islands.
COUNTRIES: Mapping[str, str] = dict(
    sorted(
        ((code, str(name)) for code, name in Locale("en").territories.items() if code in REGIONS),
        key=lambda item: item[1],
    )
)


def country_name(code: str | None) -> str:
    """Return a country's name in the language in force; empty for none."""
    return str(locale().territories.get(code or "", COUNTRIES.get(code or "", "")))


def country_choices() -> dict[str, str]:
    """Return every country by code, sorted by its name in the language in force."""
    return dict(sorted(((code, country_name(code)) for code in COUNTRIES), key=lambda item: item[1]))
