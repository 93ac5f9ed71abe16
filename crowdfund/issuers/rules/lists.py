"""The lists that people choose from: sectors and countries, named in the reader's language."""

from collections.abc import Mapping

from babel import Locale

from crowdfund.kernel.i18n import _l, locale
from crowdfund.kernel.regions import REGIONS

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

COUNTRIES = REGIONS


def country_name(code: str | None) -> str:
    """Return a country's name in the language in force; empty for none."""
    names = locale().territories
    if code in COUNTRIES and code not in names:
        names = Locale("en").territories
    return str(names.get(code or "", ""))


def country_choices() -> dict[str, str]:
    """Return every country by code, sorted by its name in the language in force."""
    return dict(
        sorted(((code, country_name(code)) for code in COUNTRIES), key=lambda item: item[1])
    )
