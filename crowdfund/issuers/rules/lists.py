"""The lists that people choose from: sectors and countries."""

from collections.abc import Mapping

from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _l
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


def sector_words(sector: str | None) -> str:
    """Return the names of a sector in every language, so that a search finds it in each."""
    names = []
    for language in i18n.LANGUAGES:
        with i18n.using(language):
            names.append(str(SECTORS.get(sector or "", "")))
    return " ".join(dict.fromkeys(names))
