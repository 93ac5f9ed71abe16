"""The terms of a plan in words, as pages and comparisons show them; pure."""

from collections.abc import Callable, Mapping

from crowdfund.kernel import money
from crowdfund.kernel.fields import percents
from crowdfund.kernel.i18n import _l
from crowdfund.plans.rules.terms import CURRENCY, NAMES, Surplus, Terms

LABELS: Mapping[str, str] = {
    "pair_minor": _l("Amount of a pair"),
    "referral_minor": _l("Referral bonus"),
    "month_limit": _l("Most pairs paid in a month"),
    "free_pairs": _l("Pairs paid in full"),
    "emi_bp": _l("Share of later pairs for instalments, unless the member is an Active Buyer"),
    "reserve_bp": _l("Share of later pairs for the reserve"),
    "surplus": _l("Pairs above the monthly limit"),
    "min_payout_minor": _l("Smallest payout"),
}
SURPLUS: Mapping[str, str] = {
    Surplus.CARRY: _l("paid in a later month"),
    Surplus.FLUSH: _l("lost"),
}


def shown(terms: Terms, name: str) -> str:
    """Return one term as text in the reader's language."""
    value = getattr(terms, name)
    if name == "surplus":
        return str(SURPLUS[value])
    if name.endswith("_minor"):
        return money.fmt(value, CURRENCY)
    return f"{percents.percent(value)} %" if name.endswith("_bp") else str(value)


def typed(terms: Terms) -> dict[str, str]:
    """Return the terms as somebody would type them into the form."""
    kinds: Mapping[str, Callable[[int], str]] = {
        "minor": lambda value: money.decimal_str(value, CURRENCY),
        "bp": percents.percent,
    }
    return {name: kinds.get(name.rpartition("_")[2], str)(getattr(terms, name)) for name in NAMES}


def lines(terms: Terms) -> list[dict[str, str]]:
    """Return all terms as labels and values."""
    return [{"label": str(LABELS[name]), "value": shown(terms, name)} for name in NAMES]


def compared(old: Terms, new: Terms) -> list[dict[str, object]]:
    """Return all terms of two versions beside each other, with what has changed."""
    return [
        {
            "label": str(LABELS[name]),
            "before": shown(old, name),
            "after": shown(new, name),
            "is_changed": getattr(old, name) != getattr(new, name),
        }
        for name in NAMES
    ]
